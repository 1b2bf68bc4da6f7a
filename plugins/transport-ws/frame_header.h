// Headers of RFC 6455 frames, both ways. Decides which headers a client may send; refuses reserved
// bits, unknown opcodes, frames without mask, control frames that are long or fragmented, lengths
// that are not in their shortest form or have the top bit set. Reads no payload.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sara::ws {

enum Opcode : uint8_t {
    kContinuation = 0x0,
    kText = 0x1,
    kBinary = 0x2,
    kClose = 0x8,
    kPing = 0x9,
    kPong = 0xa
};

// Codes of Close frames that we send (RFC 6455, 7.4.1).
enum CloseCode : uint16_t {
    kNormal = 1000,
    kGoingAway = 1001,
    kProtocolError = 1002,
    kBadData = 1007,
    kPolicy = 1008,
    kTooBig = 1009
};

enum class WsError : uint8_t {
    kNone,
    kReservedBits,
    kUnknownOpcode,
    kNotMasked,
    kControlTooLong,
    kControlFragmented,
    kLengthNotShortest,
    kLengthTopBit,
    kNothingToContinue,
    kMessageInsideMessage,
    kTooLarge,
    kNotUtf8,
    kCloseOfOneByte,
    kCloseCodeRefused,
    kCloseReasonNotUtf8
};
// A sentence for the peer, at most 120 bytes; and the code of the Close frame that carries it.
std::string_view sentenceOf(WsError error) noexcept;
CloseCode codeOf(WsError error) noexcept;

constexpr size_t kControlBytesMax = 125;
constexpr size_t kHeaderBytesMax = 14;

struct FrameHeader {
    uint64_t payload = 0;
    uint8_t mask[4] = {};
    Opcode opcode = kContinuation;
    bool fin = false;
    uint8_t size = 0;  // bytes of the header itself

    bool control() const { return opcode >= kClose; }
};

// [any] Bytes of a client's header, as far as its first n bytes tell.
size_t headerBytes(const uint8_t* p, size_t n) noexcept;
// [any] What is wrong with a frame that begins like this.
WsError checkFirstByte(uint8_t first) noexcept;
// [any] Reads n bytes of a header whose first byte is good. kNone with size 0: more bytes are
// needed. Errors are found with the first byte that shows them.
WsError readHeader(const uint8_t* p, size_t n, FrameHeader& h) noexcept;
// [any] Writes the header of an unmasked, final frame; returns its length, at most 10.
size_t writeHeader(Opcode opcode, uint64_t payload, char* out) noexcept;
// [any] May this code stand in a Close frame? (RFC 6455, 7.4, and the registry behind it)
bool mayBeSent(uint16_t close_code) noexcept;

}  // namespace sara::ws
