# Sourced by the scripts beside it: says what they do, installs what they miss.

say() { printf '== %s\n' "$*" >&2; }

# need PROGRAM:PACKAGE...   installs the Debian package of each program that cannot be found.
need() {
  local pair packages=() programs=()
  for pair in "$@"; do
    program_exists "${pair%%:*}" || { programs+=("${pair%%:*}") packages+=("${pair##*:}"); }
  done
  [[ ${#packages[@]} -gt 0 ]] || return 0
  if ! command -v apt-get >/dev/null; then
    say "missing: ${programs[*]}; this is not a Debian system, so please install them yourself"
    exit 1
  fi
  say "installing ${packages[*]} with apt"
  as_root apt-get update -qq
  # --no-install-recommends: the programs, not a database service that starts by itself.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# Servers live in folders that are in no user's PATH.
program_exists() {
  PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec" command -v "$1" >/dev/null
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "need to be root, or have sudo, for: $*"
    exit 1
  fi
}

command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
command -v cargo >/dev/null || { say "no Rust toolchain found: see https://rustup.rs"; exit 1; }
