#include "makeconn/packets.h"

#include <array>
#include <cstdio>
#include <cstring>

namespace sara::makeconn {
namespace {

constexpr std::string_view kHead = R"({"envelope":{"id":")";
constexpr size_t kIdBytes = 16;
constexpr std::string_view kIdName = R"("id":")";
constexpr std::string_view kMarkStart = "~#";
constexpr size_t kMarkBytes = 2 + 8 + 8 + 16;

void writeHex(char* out, uint64_t value, int digits) {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (int i = digits - 1; i >= 0; --i) {
        out[i] = kDigits[value & 15];
        value >>= 4;
    }
}

constexpr std::array<int8_t, 256> hexValues() {
    std::array<int8_t, 256> values{};
    for (auto& value : values) value = -1;
    for (int8_t i = 0; i < 10; ++i) values[static_cast<size_t>('0' + i)] = i;
    for (int8_t i = 0; i < 6; ++i)
        values[static_cast<size_t>('a' + i)] = static_cast<int8_t>(10 + i);
    return values;
}

bool readHex(const char* in, int digits, uint64_t& value) {
    static constexpr std::array<int8_t, 256> kValues = hexValues();
    int wrong = 0;
    value = 0;
    for (int i = 0; i < digits; ++i) {
        const int8_t digit = kValues[static_cast<unsigned char>(in[i])];
        wrong |= digit;
        value = value << 4 | static_cast<uint64_t>(digit & 15);
    }
    return wrong >= 0;
}

}  // namespace

std::string userName(const char* role, uint32_t index) {
    return role + std::to_string(index) + "@load";
}

std::string loginFrame(const std::string& jid, const std::string& password) {
    return std::string(kHead) + R"(login","type":0,"jid":")" + jid + R"(","pwd":")" + password +
           R"("},"vsn":"0.0.1"})" + '\x01';
}

std::string batchAckFrame(const std::string& jid) {
    return std::string(kHead) + R"(login","from":")" + jid + R"(","to":"server_ack","type":3}})" +
           '\x01';
}

ChatFrame::ChatFrame(uint32_t pair, const std::string& from, const std::string& to, uint32_t size,
                     bool ack) {
    text_ = kHead;
    id_at_ = text_.size();
    text_.append(kIdBytes, '0');
    text_ += R"(","type":1,"from":")";
    from_at_ = text_.size();
    text_ += from + R"(","to":")";
    to_at_ = text_.size();
    text_ += to + (ack ? R"(","ack":1)" : "\"");
    text_ += R"(},"payload":{"content":")";
    mark_at_ = text_.size() + kMarkStart.size();
    text_ += kMarkStart;
    text_.append(kMarkBytes - kMarkStart.size(), '0');
    if (size > kMarkBytes) text_.append(size - kMarkBytes, 'x');
    text_ += R"("},"vsn":"0.0.1"})";
    text_ += '\x01';
    writeHex(&text_[id_at_], pair, 8);
    writeHex(&text_[mark_at_], pair, 8);
}

std::string_view ChatFrame::write(uint32_t number, uint64_t now_ns) {
    writeHex(&text_[id_at_ + 8], number, 8);
    writeHex(&text_[mark_at_ + 8], number, 8);
    writeHex(&text_[mark_at_ + 16], now_ns, 16);
    return text_;
}

void ChatFrame::readdress(uint32_t pair, std::string_view from, std::string_view to) {
    text_.replace(from_at_, from.size(), from);
    text_.replace(to_at_, to.size(), to);
    writeHex(&text_[id_at_], pair, 8);
    writeHex(&text_[mark_at_], pair, 8);
}

AckFrame::AckFrame(const std::string& jid) {
    text_ = kHead;
    id_at_ = text_.size();
    text_.append(kIdBytes, '0');
    text_ += R"(","from":")";
    from_at_ = text_.size();
    text_ += jid + R"(","to":"server_ack","type":3}})" + '\x01';
}

std::string_view AckFrame::write(std::string_view id) {
    if (id.size() == kIdBytes) std::memcpy(&text_[id_at_], id.data(), kIdBytes);
    return text_;
}

std::string_view idOf(std::string_view frame, size_t& hint) {
    if (hint < kIdName.size() || hint + kIdBytes > frame.size() ||
        frame.substr(hint - kIdName.size(), kIdName.size()) != kIdName) {
        const size_t at = frame.find(kIdName);
        if (at == std::string_view::npos) return {};
        hint = at + kIdName.size();
        if (hint < kIdName.size() || hint + kIdBytes > frame.size()) return {};
    }
    return frame.substr(hint, kIdBytes);
}

bool readId(std::string_view id, Mark& mark) {
    uint64_t pair = 0;
    uint64_t number = 0;
    if (id.size() != kIdBytes || !readHex(id.data(), 8, pair) ||
        !readHex(id.data() + 8, 8, number)) {
        return false;
    }
    mark.pair = static_cast<uint32_t>(pair);
    mark.number = static_cast<uint32_t>(number);
    return true;
}

bool readMark(std::string_view frame, size_t& hint, Mark& mark) {
    size_t at = hint;
    if (at + kMarkBytes > frame.size() || frame.substr(at, kMarkStart.size()) != kMarkStart) {
        at = frame.find(kMarkStart);
        if (at == std::string_view::npos || at + kMarkBytes > frame.size()) return false;
        hint = at;
    }
    at += kMarkStart.size();
    return readId(frame.substr(at, kIdBytes), mark) &&
           readHex(frame.data() + at + kIdBytes, 16, mark.sent_ns);
}

}  // namespace sara::makeconn
