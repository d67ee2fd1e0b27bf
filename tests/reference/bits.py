"""Sections 1 and 6 of docs/bitstream.md: fields of a byte string, the range decoder and its models."""


class RefusedError(ValueError):
    """The file is malformed where the document says "refuse"."""


class UnsupportedError(RefusedError):
    """The document says "unsupported feature"."""


def refuse_unless(condition, why):
    if not condition:
        raise RefusedError(why)


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def unzigzag(z):
    return (z >> 1) ^ -(z & 1)


def text_of(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError("text is not UTF-8") from error


class Fields:
    """Takes the fields of section 1 off the front of a byte string."""

    def __init__(self, data):
        self.data = bytes(data)
        self.at = 0

    def take(self, count):
        refuse_unless(count <= len(self.data) - self.at, "past the end")
        self.at += count
        return self.data[self.at - count : self.at]

    def rest(self):
        return self.take(len(self.data) - self.at)

    def done(self):
        refuse_unless(self.at == len(self.data), "bytes left over")

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return int.from_bytes(self.take(4), "little")

    def u64(self):
        return int.from_bytes(self.take(8), "little")

    def flags(self, known):
        value = self.u8()
        if value & ~known:
            raise UnsupportedError("a flag this version does not name")
        return value

    def varint(self, low=0, high=2**64 - 1):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                refuse_unless(byte or not shift, "a varint longer than needed")
                refuse_unless(value < 2**64, "a varint over 64 bits")
                refuse_unless(low <= value <= high, "a number out of range")
                return value
        raise RefusedError("a varint over 64 bits")

    def svarint(self):
        return unzigzag(self.varint())

    def block(self):
        return self.take(self.varint())

    def text(self):
        return text_of(self.take(self.varint(0, 2**20)))

    def rational(self):
        return self.varint(1, 2**31 - 1), self.varint(1, 2**31 - 1)

    def tags(self):
        return [(self.text(), self.text()) for _ in range(self.varint(0, 4096))]


class BitModel:
    def __init__(self, start=2**15, count=0):
        self.state = start << 6
        self.count = count

    @property
    def p(self):
        return max(1, self.state >> 6)

    def learn(self, bit, limit=60):
        target = 2**22 - 1 if bit else 0
        self.state += ((target - self.state) * (131072 // (2 * self.count + 3))) >> 16
        self.count = min(self.count + 1, limit)


class NumberModel:
    def __init__(self):
        self.more = [BitModel() for _ in range(62)]
        self.first = [BitModel() for _ in range(63)]


class RangeDecoder:
    def __init__(self, data):
        self.data = bytes(data)
        self.at = 0
        self.range = 0xFFFFFFFF
        self.code = 0
        for _ in range(4):
            self._shift()

    def _shift(self):
        refuse_unless(self.at < len(self.data) + 4, "a range-coded stream is too short")
        byte = self.data[self.at] if self.at < len(self.data) else 0
        self.at += 1
        self.code = (self.code << 8) | byte

    def _split(self, ones):
        bit = self.code < ones
        if bit:
            self.range = ones
        else:
            self.code -= ones
            self.range -= ones
        while self.range < 2**24:
            self.range <<= 8
            self._shift()
        return int(bit)

    def bit(self, model):
        bit = self.bit_with(model.p)
        model.learn(bit)
        return bit

    def bit_with(self, p):
        return self._split((self.range * p) >> 16)

    def even(self):
        return self._split(self.range >> 1)

    def unsigned(self, model):
        e = 0
        while e < 62 and self.bit(model.more[e]):
            e += 1
        value = 1
        for k in range(e):
            value = value * 2 + (self.even() if k else self.bit(model.first[e]))
        return value - 1

    def signed(self, model):
        return unzigzag(self.unsigned(model))

    def done(self):
        refuse_unless(self.at >= len(self.data), "bytes left over in a range-coded stream")
