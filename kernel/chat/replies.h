// The packets that the server itself writes. Decides their exact bytes (protocol
// sections 2.2-2.4, 2.7).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::chat {

// 13 digits; ms since 1970. out is not terminated.
constexpr size_t kStampDigits = 13;
void writeStamp(uint64_t ms, char (&out)[kStampDigits]);

// The digits of a time, kept as long as the next packet has the same one.
class Stamp {
  public:
    std::string_view of(uint64_t ms) {
        if (ms != ms_) writeStamp(ms_ = ms, digits_);
        return {digits_, kStampDigits};
    }

  private:
    uint64_t ms_ = UINT64_MAX;
    char digits_[kStampDigits];
};

// Writes into one string that is reused: a reply is a view, valid until the next call.
class Replies {
  public:
    // {"envelope":{"id":..,"from":"server_ack","type":3,"ct":".."},"vsn":"0.0.1"}
    std::string_view serverAck(std::string_view id, uint64_t ct_ms);
    // {"envelope":{"id":..,"type":4},"entity":{"result":"sys_notify","reason":".."}}
    std::string_view notify(std::string_view id, std::string_view reason);
    // {"envelope":{"id":..,"type":0},"entity":{"result":"error","reason":".."}}
    std::string_view loginFailure(std::string_view id, std::string_view reason);
    // Everything of a login reply up to the packets, and behind them.
    std::string_view loginReplyHead(std::string_view id, uint64_t total);
    static std::string_view loginReplyTail(uint64_t total);

  private:
    std::string out_;
    Stamp stamp_;
};

// The part of a client's id that a refusal repeats: at most 128 bytes, ends between two characters,
// so that no client can make the server write much or break its own UTF-8.
constexpr size_t kEchoBytesMax = 128;
std::string_view echoOf(std::string_view id);

// 0 when it is not a stamp.
uint64_t readStamp(std::string_view digits);

}  // namespace sara::chat
