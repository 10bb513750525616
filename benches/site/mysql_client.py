"""A MySQL client on bare sockets, small enough to hold thousands of sessions and to read as slowly as it is told."""
import hashlib
import socket
import struct

CAPABILITIES = 0x1 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x80000 | 0x1000000


class Session:
    def __init__(self, port, user, password, database):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.buffer = b""
        greeting = self.packet()
        end = greeting.index(b"\0", 1)
        salt = greeting[end + 5:end + 13]
        salt += greeting[end + 13 + 19:end + 13 + 19 + 12]
        proof = native(password.encode(), salt)
        body = struct.pack("<IIB23x", CAPABILITIES, 1 << 30, 45) + user.encode() + b"\0"
        body += bytes([len(proof)]) + proof + database.encode() + b"\0mysql_native_password\0"
        self.send(body, 1)
        answer = self.packet()
        if answer[:1] == b"\xfe":
            plugin, salt = answer[1:].split(b"\0", 1)
            assert plugin == b"mysql_native_password", plugin
            self.send(native(password.encode(), salt[:20]), self.sequence + 1)
            answer = self.packet()
        assert answer[:1] == b"\0", answer

    def send(self, body, sequence=0):
        self.socket.sendall(struct.pack("<I", len(body))[:3] + bytes([sequence]) + body)

    def packet(self):
        while len(self.buffer) < 4 or len(self.buffer) < 4 + int.from_bytes(self.buffer[:3], "little"):
            data = self.socket.recv(65536)
            assert data, "the connection was closed"
            self.buffer += data
        length = int.from_bytes(self.buffer[:3], "little")
        self.sequence = self.buffer[3]
        packet, self.buffer = self.buffer[4:4 + length], self.buffer[4 + length:]
        return packet

    def query(self, sql):
        """Sends a statement; the answer is left to read."""
        self.send(b"\x03" + sql.encode())

    def close(self):
        self.socket.close()


def native(password, salt):
    once = hashlib.sha1(password).digest()
    mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask))
