// The packets of the load generator, as text that is patched in place. Decides where pair, number
// and send time of a message stand, so that both ends find them without parsing: in the id, and
// again in the content.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::makeconn {

// What a message carries: 8 hex digits of pair, 8 of number, 16 of time.
struct Mark {
    uint32_t pair = 0;
    uint32_t number = 0;
    uint64_t sent_ns = 0;
};

[[nodiscard]] std::string userName(const char* role, uint32_t index);
[[nodiscard]] std::string loginFrame(const std::string& jid, const std::string& password = "");
// Acknowledges the backlog that came with the login.
[[nodiscard]] std::string batchAckFrame(const std::string& jid);

// A chat frame of one pair with its end byte; write() patches number and time.
class ChatFrame {
  public:
    ChatFrame(uint32_t pair, const std::string& from, const std::string& to, uint32_t size,
              bool ack);
    [[nodiscard]] std::string_view write(uint32_t number, uint64_t now_ns);
    // Another pair; both jids as long as the first ones were.
    void readdress(uint32_t pair, std::string_view from, std::string_view to);

  private:
    std::string text_;
    size_t id_at_ = 0;
    size_t from_at_ = 0;
    size_t to_at_ = 0;
    size_t mark_at_ = 0;
};

// The acknowledgement of a received message.
class AckFrame {
  public:
    explicit AckFrame(const std::string& jid);
    // id: 16 characters, as in ChatFrame.
    [[nodiscard]] std::string_view write(std::string_view id);
    // Another jid, as long as the first one.
    void readdress(std::string_view jid) { text_.replace(from_at_, jid.size(), jid); }

  private:
    std::string text_;
    size_t id_at_ = 0;
    size_t from_at_ = 0;
};

// The 16 characters behind the first "id":"; empty when they are not there. hint: where they were
// the last time, for speed.
[[nodiscard]] std::string_view idOf(std::string_view frame, size_t& hint);
// Reads pair and number out of an id. False when it is none of ours.
[[nodiscard]] bool readId(std::string_view id, Mark& mark);
// Finds and reads the mark in the content. hint: where it was the last time, for speed.
[[nodiscard]] bool readMark(std::string_view frame, size_t& hint, Mark& mark);

}  // namespace sara::makeconn
