#include "chat/replies.h"

#include "chat/json_scan.h"

namespace sara::chat {

void writeStamp(uint64_t ms, char (&out)[kStampDigits]) {
    for (size_t i = kStampDigits; i-- > 0; ms /= 10) out[i] = static_cast<char>('0' + ms % 10);
}

std::string_view echoOf(std::string_view id) {
    if (id.size() <= kEchoBytesMax) return id;
    size_t end = kEchoBytesMax;
    while (end > 0 && (static_cast<unsigned char>(id[end]) & 0xc0) == 0x80) --end;
    return id.substr(0, end);
}

uint64_t readStamp(std::string_view digits) {
    if (digits.size() != kStampDigits) return 0;
    uint64_t ms = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return 0;
        ms = ms * 10 + static_cast<uint64_t>(c - '0');
    }
    return ms;
}

std::string_view Replies::serverAck(std::string_view id, uint64_t ct_ms) {
    out_.assign(R"({"envelope":{"id":")");
    appendEscaped(id, out_);
    out_.append(R"(","from":"server_ack","type":3,"ct":")");
    out_.append(stamp_.of(ct_ms));
    out_.append(R"("},"vsn":"0.0.1"})");
    return out_;
}

std::string_view Replies::notify(std::string_view id, std::string_view reason) {
    out_.assign(R"({"envelope":{"id":")");
    appendEscaped(id, out_);
    out_.append(R"(","type":4},"entity":{"result":"sys_notify","reason":")");
    appendEscaped(reason, out_);
    out_.append(R"("}})");
    return out_;
}

std::string_view Replies::loginFailure(std::string_view id, std::string_view reason) {
    out_.assign(R"({"envelope":{"id":")");
    appendEscaped(id, out_);
    out_.append(R"(","type":0},"entity":{"result":"error","reason":")");
    appendEscaped(reason, out_);
    out_.append(R"("}})");
    return out_;
}

std::string_view Replies::loginReplyHead(std::string_view id, uint64_t total) {
    out_.assign(R"({"envelope":{"id":")");
    appendEscaped(id, out_);
    out_.append(R"(","type":0},"entity":{"result":"ok"},"delay":{"total":)");
    out_.append(std::to_string(total));
    if (total > 0) out_.append(R"(,"packets":[)");
    return out_;
}

std::string_view Replies::loginReplyTail(uint64_t total) { return total > 0 ? "]}}" : "}}"; }

}  // namespace sara::chat
