//! The names of all functions in rules, each with what reads its parameters; and where it comes from.

use std::sync::Arc;

use super::compute::Compute;
use super::params::{ParamError, Reader};
use super::{
    cobar_expression, crc32_slots, date, dimension2, file_map, inline, jump, ketama, kingshard_date, kingshard_hash,
    kingshard_range, list, long, murmur, mycat_date, mycat_dates, mycat_hash_mod, mycat_mod, mycat_month, number_range,
    padding_mod, pattern, range, shardingsphere_auto_interval, shardingsphere_hash_mod, shardingsphere_interval,
    shardingsphere_mod, shardingsphere_range, string, substring, vitess_cfc, vitess_ids, vitess_maps, vitess_multicol,
};

pub(super) type Built = Result<Arc<dyn Compute>, ParamError>;

/// One function.
#[derive(Debug)]
pub struct Kind {
    /// In rules.
    pub name: &'static str,
    /// The system that it is compatible with, and the name that the function has there.
    pub origin: Option<(&'static str, &'static str)>,
    pub(super) read: fn(&Reader<'_>) -> Built,
}

const fn kind(
    name: &'static str,
    system: &'static str,
    function: &'static str,
    read: fn(&Reader<'_>) -> Built,
) -> Kind {
    Kind { name, origin: Some((system, function)), read }
}

const fn own(name: &'static str, read: fn(&Reader<'_>) -> Built) -> Kind {
    Kind { name, origin: None, read }
}

/// All functions but `hash` and `mod`.
pub const NAMED: &[Kind] = &[
    own("jump", jump::own),
    own("murmur", murmur::own),
    own("ketama", ketama::read),
    own("crc32-slots", crc32_slots::own),
    own("range", range::range),
    own("range-mod", range::range_mod),
    own("list", list::list),
    own("lookup", list::lookup),
    own("prefix", list::prefix),
    own("date", date::read),
    own("substring", substring::own),
    own("padding-mod", padding_mod::own),
    own("inline", inline::read),
    kind("cobar-long", "cobar", "PartitionByLong", long::cobar),
    kind("cobar-string", "cobar", "PartitionByString", string::cobar),
    kind("cobar-file-map", "cobar", "PartitionByFileMap", file_map::cobar),
    kind("cobar-expression", "cobar", "expression", cobar_expression::read),
    kind("cobar-dimension2", "cobar", "Dimension2PartitionFunction", dimension2::cobar),
    kind("mycat-mod", "mycat", "PartitionByMod", mycat_mod::mycat),
    kind("mycat-mod-before-2020-10", "mycat", "PartitionByMod_before_2020_10", mycat_mod::mycat_before_2020_10),
    kind("mycat-hash-mod", "mycat", "PartitionByHashMod", mycat_hash_mod::read),
    kind("mycat-long", "mycat", "PartitionByLong", long::mycat),
    kind("mycat-long-before-2020", "mycat", "PartitionByLong_before_2020", long::mycat_before_2020),
    kind("mycat-string", "mycat", "PartitionByString", string::mycat),
    kind("mycat-crc32-slots", "mycat", "PartitionByCRC32PreSlot", crc32_slots::mycat),
    kind("mycat-jump", "mycat", "PartitionByJumpConsistentHash", jump::mycat),
    kind("mycat-murmur", "mycat", "PartitionByMurmurHash", murmur::mycat),
    kind("mycat-date", "mycat", "PartitionByDate", mycat_date::mycat),
    kind("mycat-month", "mycat", "PartitionByMonth", mycat_month::month),
    kind("mycat-month-and-history", "mycat", "PartitionByMonthAndHistory", mycat_month::month_and_history),
    kind("mycat-range-date-hash", "mycat", "PartitionByRangeDateHash", mycat_dates::range_date_hash),
    kind("mycat-hot-date", "mycat", "PartitionByHotDate", mycat_dates::hot_date),
    kind("mycat-latest-month", "mycat", "LatestMonthPartion", mycat_dates::latest_month),
    kind("mycat-range", "mycat", "AutoPartitionByLong", number_range::mycat),
    kind("mycat-range-mod", "mycat", "PartitionByRangeMod", number_range::mycat_range_mod),
    kind("mycat-pattern", "mycat", "PartitionByPattern", pattern::mycat),
    kind("mycat-prefix-pattern", "mycat", "PartitionByPrefixPattern", pattern::mycat_prefix),
    kind("mycat-file-map", "mycat", "PartitionByFileMap", file_map::mycat),
    kind("mycat-substring", "mycat", "PartitionDirectBySubString", substring::mycat),
    kind("dble-hash", "dble", "Hash", long::dble),
    kind("dble-string-hash", "dble", "StringHash", string::dble),
    kind("dble-jump-string-hash", "dble", "jumpStringHash", jump::dble),
    kind("dble-number-range", "dble", "NumberRange", number_range::dble),
    kind("dble-pattern-range", "dble", "PatternRange", pattern::dble),
    kind("dble-enum", "dble", "Enum", file_map::dble),
    kind("dble-date", "dble", "Date", mycat_date::dble),
    kind("kingshard-hash", "kingshard", "hash", kingshard_hash::read),
    kind("kingshard-range", "kingshard", "range", kingshard_range::read),
    kind("kingshard-date-year", "kingshard", "date_year", kingshard_date::kingshard_year),
    kind("kingshard-date-month", "kingshard", "date_month", kingshard_date::kingshard_month),
    kind("kingshard-date-day", "kingshard", "date_day", kingshard_date::kingshard_day),
    kind("gaea-hash", "gaea", "hash", kingshard_hash::read),
    kind("gaea-mod", "gaea", "mod", mycat_mod::gaea),
    kind("gaea-range", "gaea", "range", kingshard_range::read),
    kind("gaea-date-year", "gaea", "date_year", kingshard_date::gaea_year),
    kind("gaea-date-month", "gaea", "date_month", kingshard_date::gaea_month),
    kind("gaea-date-day", "gaea", "date_day", kingshard_date::gaea_day),
    kind("gaea-mycat-mod", "gaea", "mycat_mod", mycat_mod::gaea),
    kind("gaea-mycat-long", "gaea", "mycat_long", long::gaea),
    kind("gaea-mycat-string", "gaea", "mycat_string", string::gaea),
    kind("gaea-mycat-murmur", "gaea", "mycat_murmur", murmur::gaea),
    kind("gaea-mycat-padding-mod", "gaea", "mycat_padding_mod", padding_mod::gaea),
    kind("shardingsphere-mod", "shardingsphere", "MOD", shardingsphere_mod::read),
    kind("shardingsphere-hash-mod", "shardingsphere", "HASH_MOD", shardingsphere_hash_mod::read),
    kind("shardingsphere-boundary-range", "shardingsphere", "BOUNDARY_RANGE", shardingsphere_range::boundary),
    kind("shardingsphere-volume-range", "shardingsphere", "VOLUME_RANGE", shardingsphere_range::volume),
    kind("shardingsphere-auto-interval", "shardingsphere", "AUTO_INTERVAL", shardingsphere_auto_interval::read),
    kind("shardingsphere-interval", "shardingsphere", "INTERVAL", shardingsphere_interval::read),
    kind("shardingsphere-inline", "shardingsphere", "INLINE", inline::read),
    kind("shardingsphere-complex-inline", "shardingsphere", "COMPLEX_INLINE", inline::read),
    kind("vitess-hash", "vitess", "hash", vitess_ids::hash),
    kind("vitess-numeric", "vitess", "numeric", vitess_ids::numeric),
    kind("vitess-reverse-bits", "vitess", "reverse_bits", vitess_ids::reverse_bits),
    kind("vitess-binary", "vitess", "binary", vitess_ids::binary),
    kind("vitess-binary-md5", "vitess", "binary_md5", vitess_ids::binary_md5),
    kind("vitess-xxhash", "vitess", "xxhash", vitess_ids::xxhash),
    kind("vitess-unicode-loose-md5", "vitess", "unicode_loose_md5", vitess_ids::unicode_loose_md5),
    kind("vitess-unicode-loose-xxhash", "vitess", "unicode_loose_xxhash", vitess_ids::unicode_loose_xxhash),
    kind("vitess-cfc", "vitess", "cfc", vitess_cfc::read),
    kind("vitess-multicol", "vitess", "multicol", vitess_multicol::multicol),
    kind("vitess-region-experimental", "vitess", "region_experimental", vitess_multicol::region_experimental),
    kind("vitess-region-json", "vitess", "region_json", vitess_maps::region_json),
    kind("vitess-numeric-static-map", "vitess", "numeric_static_map", vitess_maps::numeric_static_map),
];

/// The function of this name in rules.
pub fn named(name: &str) -> Option<&'static Kind> {
    NAMED.iter().find(|kind| kind.name == name)
}

/// The function that a system has under this name.
pub fn original(system: &str, function: &str) -> Option<&'static Kind> {
    NAMED.iter().find(|kind| kind.origin == Some((system, function)))
}
