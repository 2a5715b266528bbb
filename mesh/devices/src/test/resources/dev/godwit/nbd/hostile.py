# Run inside nbdsh, which has made "h" and imported "nbd". Sends what no decent client sends and
# checks each answer. Environment: NBD_SOCKET, NBD_SIZE; exports "rw" and "ro" of that size.
# Prints one line for each check; ends with an exception at the first wrong answer.
import os
import socket
import struct

PATH = os.environ["NBD_SOCKET"]
SIZE = int(os.environ["NBD_SIZE"])
EPERM, EINVAL, ENOSPC = 1, 22, 28
READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZERO, STATUS = range(8)
M32 = 32 << 20

checks = 0


def check(name, actual, expected):
    global checks
    if actual != expected:
        raise AssertionError("%s: got %r, expected %r" % (name, actual, expected))
    checks += 1
    print("ok %d %s -> %r" % (checks, name, actual))


class Raw:
    """A client that sends anything."""

    def __init__(self, export, structured):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(30)
        self.s.connect(PATH)
        self.take(18)
        self.s.sendall(struct.pack(">I", 3))
        name = export.encode()
        if structured:
            self.option(8, b"")
            query = b"base:allocation"
            data = struct.pack(">I", len(name)) + name + struct.pack(">II", 1, len(query)) + query
            self.option(10, data)
        self.option(7, struct.pack(">I", len(name)) + name + struct.pack(">H", 0))

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.s.recv(count - len(data))
            if not more:
                raise EOFError()
            data += more
        return data

    def option(self, number, data):
        self.s.sendall(struct.pack(">QII", 0x49484156454F5054, number, len(data)) + data)
        while True:
            _, _, kind, length = struct.unpack(">QIII", self.take(20))
            self.take(length)
            if kind == 1:
                return
            if kind & 0x80000000:
                raise AssertionError("option %d refused with %x" % (number, kind))

    def request(self, kind, flags, offset, length, payload=b"", magic=0x25609513):
        head = struct.pack(">IHHQQI", magic, flags, kind, 77, offset % 2**64, length)
        self.s.sendall(head + payload)

    def answer(self, kind, length):
        """The error number of a whole reply."""
        while True:
            magic, = struct.unpack(">I", self.take(4))
            if magic == 0x67446698:
                error, cookie = struct.unpack(">IQ", self.take(12))
                if error == 0 and kind == READ:
                    self.take(length)
                done = True
            else:
                assert magic == 0x668E33EF, hex(magic)
                flags, chunk, cookie, size = struct.unpack(">HHQI", self.take(16))
                body = self.take(size)
                error = struct.unpack(">I", body[:4])[0] if chunk & 0x8000 else 0
                done = flags & 1
            assert cookie == 77, cookie
            if done or error:
                return error

    def ask(self, kind, flags, offset, length, payload=b""):
        self.request(kind, flags, offset, length, payload)
        return self.answer(kind, length)

    def ended(self):
        try:
            return self.s.recv(1) == b""
        except ConnectionError:
            return True


# name, command, flags, offset, length, bytes of payload, answer
BAD = [
    ("read past the end", READ, 0, SIZE, 1, 0, EINVAL),
    ("read over the end", READ, 0, SIZE - 1, 2, 0, EINVAL),
    ("read all and one more", READ, 0, 0, SIZE + 1, 0, EINVAL),
    ("read at -1", READ, 0, -1, 1, 0, EINVAL),
    ("read at 2^63", READ, 0, 2**63, 1, 0, EINVAL),
    ("read at 2^63-1", READ, 0, 2**63 - 1, 4096, 0, EINVAL),
    ("read that wraps around", READ, 0, 2**64 - 4096, 8192, 0, EINVAL),
    ("read more than the maximum", READ, 0, 0, M32 + 1, 0, EINVAL),
    ("read 4 GiB", READ, 0, 0, 2**32 - 1, 0, EINVAL),
    ("read with NO_HOLE", READ, 2, 0, 512, 0, EINVAL),
    ("read with REQ_ONE", READ, 8, 0, 512, 0, EINVAL),
    ("read with an unknown flag", READ, 0x8000, 0, 512, 0, EINVAL),
    ("read with PAYLOAD_LEN", READ, 32, 0, 512, 0, EINVAL),
    ("write past the end", WRITE, 0, SIZE, 1, 1, ENOSPC),
    ("write over the end", WRITE, 0, SIZE - 1, 100000, 100000, ENOSPC),
    ("write at -1", WRITE, 0, -1, 1, 1, ENOSPC),
    ("write at 2^63", WRITE, 0, 2**63, 512, 512, ENOSPC),
    ("write more than the maximum", WRITE, 0, 0, M32 + 1, M32 + 1, EINVAL),
    ("write with DF", WRITE, 4, 0, 512, 512, EINVAL),
    ("write with all flags", WRITE, 0xFFFF, 0, 70000, 70000, EINVAL),
    ("flush with an offset", FLUSH, 0, 1, 0, 0, EINVAL),
    ("flush with a length", FLUSH, 0, 0, 1, 0, EINVAL),
    ("flush with DF", FLUSH, 4, 0, 0, 0, EINVAL),
    ("trim past the end", TRIM, 0, SIZE, 1, 0, EINVAL),
    ("trim 4 GiB", TRIM, 0, 0, 2**32 - 1, 0, EINVAL),
    ("trim with NO_HOLE", TRIM, 2, 0, 512, 0, EINVAL),
    ("zero past the end", ZERO, 0, SIZE, 1, 0, ENOSPC),
    ("zero 4 GiB", ZERO, 0, 0, 2**32 - 1, 0, ENOSPC),
    ("zero with DF", ZERO, 4, 0, 512, 0, EINVAL),
    ("cache past the end", CACHE, 0, SIZE, 1, 0, EINVAL),
    ("cache with FAST_ZERO", CACHE, 16, 0, 512, 0, EINVAL),
    ("status past the end", STATUS, 0, SIZE, 1, 0, EINVAL),
    ("status of nothing", STATUS, 0, 0, 0, 0, EINVAL),
    ("status with DF", STATUS, 4, 0, 512, 0, EINVAL),
    ("command 8", 8, 0, 0, 0, 0, EINVAL),
    ("command 9 with a length", 9, 0, 0, 4096, 0, EINVAL),
    ("command 65535", 65535, 0, 0, 0, 0, EINVAL),
]

FORBIDDEN = [
    ("write", WRITE, 0, 0, 512, 512),
    ("empty write", WRITE, 0, 0, 0, 0),
    ("write past the end", WRITE, 0, SIZE, 512, 512),
    ("trim", TRIM, 0, 0, 512, 0),
    ("zero", ZERO, 0, 0, 512, 0),
    ("fast zero", ZERO, 16, 0, 512, 0),
]

for structured in (False, True):
    form = "structured" if structured else "simple"
    raw = Raw("rw", structured)
    for name, kind, flags, offset, length, payload, expected in BAD:
        got = raw.ask(kind, flags, offset, length, b"\xaa" * payload)
        check("%s (%s)" % (name, form), got, expected)
        assert raw.ask(READ, 0, 0, 16) == 0, "out of step after " + name
    if not structured:
        check("read with DF (simple)", raw.ask(READ, 4, 0, 512), EINVAL)
        check("status (simple)", raw.ask(STATUS, 0, 0, 512), EINVAL)
    raw = Raw("ro", structured)
    for name, kind, flags, offset, length, payload in FORBIDDEN:
        got = raw.ask(kind, flags, offset, length, b"\xaa" * payload)
        check("%s read-only (%s)" % (name, form), got, EPERM)
        assert raw.ask(READ, 0, 0, 16) == 0, "out of step after " + name

# What cannot be repaired ends the connection.
raw = Raw("rw", True)
raw.request(READ, 0, 0, 512, magic=0x12345678)
check("wrong magic ends the connection", raw.ended(), True)
raw = Raw("rw", True)
raw.request(WRITE, 0, 0, 2**32 - 1)
check("a write of 4 GiB ends the connection", raw.ended(), True)
raw = Raw("rw", True)
raw.s.sendall(b"\x25\x60\x95")
raw.s.shutdown(socket.SHUT_WR)
check("half a header ends the connection", raw.ended(), True)
raw = Raw("rw", True)
raw.request(WRITE, 0, 0, 4096, b"x")
raw.s.shutdown(socket.SHUT_WR)
check("half a payload ends the connection", raw.ended(), True)


# The same through libnbd with its own checks turned off.
def error_of(call):
    try:
        call()
    except nbd.Error as e:
        return e.errnum
    return 0


def connect(export):
    c = nbd.NBD()
    c.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    c.set_export_name(export)
    c.set_strict_mode(0)
    c.connect_unix(PATH)
    return c


c = connect("rw")
check("libnbd pread past the end", error_of(lambda: c.pread(512, SIZE)), EINVAL)
check("libnbd pwrite past the end", error_of(lambda: c.pwrite(b"x" * 512, SIZE)), ENOSPC)
check("libnbd trim past the end", error_of(lambda: c.trim(512, SIZE)), EINVAL)
check("libnbd zero past the end", error_of(lambda: c.zero(512, SIZE)), ENOSPC)
check("libnbd cache past the end", error_of(lambda: c.cache(512, SIZE)), EINVAL)
check("libnbd pread with a wrong flag", error_of(lambda: c.pread(512, 0, 1 << 9)), EINVAL)
check(
    "libnbd status past the end",
    error_of(lambda: c.block_status(512, SIZE, lambda *a: 0)),
    EINVAL,
)
ro = connect("ro")
check("libnbd pwrite read-only", error_of(lambda: ro.pwrite(b"x", 0)), EPERM)

# After all that a decent client is served as if nothing had happened.
data = os.urandom(100001)
c.pwrite(data, SIZE - len(data), nbd.CMD_FLAG_FUA)
c.flush()
check("libnbd reads what it wrote", c.pread(len(data), SIZE - len(data)) == data, True)
c.zero(5000, SIZE - 5000)
c.trim(4096, 0)
check("libnbd reads zeroes", c.pread(5000, SIZE - 5000) == bytearray(5000), True)
c.shutdown()
ro.shutdown()
