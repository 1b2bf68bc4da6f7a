#include "frame_header.h"

#include <cstring>

namespace sara::ws {
namespace {

constexpr uint8_t kFinBit = 0x80;
constexpr uint8_t kReservedBits = 0x70;
constexpr uint8_t kOpcodeBits = 0x0f;
constexpr uint8_t kMaskBit = 0x80;
constexpr uint8_t kLengthBits = 0x7f;
constexpr uint8_t kLength16 = 126;
constexpr uint8_t kLength64 = 127;

uint64_t bigEndian(const uint8_t* p, size_t n) noexcept {
    uint64_t v = 0;
    for (size_t i = 0; i < n; ++i) v = v << 8 | p[i];
    return v;
}

bool known(uint8_t opcode) noexcept {
    return opcode <= kBinary || (opcode >= kClose && opcode <= kPong);
}

}  // namespace

std::string_view sentenceOf(WsError error) noexcept {
    switch (error) {
        case WsError::kNone:
            return "";
        case WsError::kReservedBits:
            return "reserved bits are set, but no extension was agreed";
        case WsError::kUnknownOpcode:
            return "unknown opcode";
        case WsError::kNotMasked:
            return "a client must mask its frames";
        case WsError::kControlTooLong:
            return "control frames have at most 125 bytes";
        case WsError::kControlFragmented:
            return "control frames must not be fragmented";
        case WsError::kLengthNotShortest:
            return "the length is not in its shortest form";
        case WsError::kLengthTopBit:
            return "the top bit of the length is set";
        case WsError::kNothingToContinue:
            return "a continuation without a message";
        case WsError::kMessageInsideMessage:
            return "a new message inside a fragmented one";
        case WsError::kTooLarge:
            return "packet_too_large";
        case WsError::kNotUtf8:
            return "the text is not UTF-8";
        case WsError::kCloseOfOneByte:
            return "a Close frame has no or at least two bytes";
        case WsError::kCloseCodeRefused:
            return "this close code must not be sent";
        case WsError::kCloseReasonNotUtf8:
            return "the reason of the Close frame is not UTF-8";
    }
    return "";
}

CloseCode codeOf(WsError error) noexcept {
    switch (error) {
        case WsError::kTooLarge:
            return kTooBig;
        case WsError::kNotUtf8:
        case WsError::kCloseReasonNotUtf8:
            return kBadData;
        default:
            return kProtocolError;
    }
}

size_t headerBytes(const uint8_t* p, size_t n) noexcept {
    if (n < 2) return 2;
    const uint8_t length = p[1] & kLengthBits;
    return size_t{6} + (length == kLength16 ? 2 : length == kLength64 ? 8 : 0);
}

WsError checkFirstByte(uint8_t first) noexcept {
    if ((first & kReservedBits) != 0) return WsError::kReservedBits;
    const uint8_t opcode = first & kOpcodeBits;
    if (!known(opcode)) return WsError::kUnknownOpcode;
    if (opcode >= kClose && (first & kFinBit) == 0) return WsError::kControlFragmented;
    return WsError::kNone;
}

WsError readHeader(const uint8_t* p, size_t n, FrameHeader& h) noexcept {
    h.size = 0;
    if (n < 2) return WsError::kNone;
    h.fin = (p[0] & kFinBit) != 0;
    h.opcode = static_cast<Opcode>(p[0] & kOpcodeBits);
    if ((p[1] & kMaskBit) == 0) return WsError::kNotMasked;
    h.payload = p[1] & kLengthBits;
    if (h.control() && h.payload > kControlBytesMax) return WsError::kControlTooLong;
    const size_t size = headerBytes(p, n);
    if (n < size) {
        // The top bit is known before the rest of the length.
        return h.payload == kLength64 && n > 2 && (p[2] & 0x80) != 0 ? WsError::kLengthTopBit
                                                                     : WsError::kNone;
    }
    if (h.payload == kLength16) {
        h.payload = bigEndian(p + 2, 2);
        if (h.payload < kLength16) return WsError::kLengthNotShortest;
    } else if (h.payload == kLength64) {
        h.payload = bigEndian(p + 2, 8);
        if ((h.payload >> 63) != 0) return WsError::kLengthTopBit;
        if (h.payload <= UINT16_MAX) return WsError::kLengthNotShortest;
    }
    std::memcpy(h.mask, p + size - sizeof h.mask, sizeof h.mask);
    h.size = static_cast<uint8_t>(size);
    return WsError::kNone;
}

size_t writeHeader(Opcode opcode, uint64_t payload, char* out) noexcept {
    const auto put = [out](size_t at, uint64_t v) { out[at] = static_cast<char>(v & 0xff); };
    put(0, kFinBit | opcode);
    if (payload < kLength16) {
        put(1, payload);
        return 2;
    }
    const size_t bytes = payload <= UINT16_MAX ? 2 : 8;
    put(1, bytes == 2 ? kLength16 : kLength64);
    for (size_t i = 0; i < bytes; ++i) put(2 + i, payload >> (8 * (bytes - 1 - i)));
    return 2 + bytes;
}

bool mayBeSent(uint16_t code) noexcept {
    if (code >= 3000 && code <= 4999) return true;  // of libraries and applications
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace sara::ws
