#include "store-redis/session_record.h"

#include <string_view>

namespace sara::store_redis {
namespace {

void addText(std::string* out, std::string_view name, sara_str value) {
    out->append("\"").append(name).append("\":\"");
    for (const char c : std::string_view(value.ptr, value.len)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out->push_back('\\');
            out->push_back(c);
        } else if (byte < 0x20) {
            constexpr std::string_view kHex = "0123456789abcdef";
            out->append("\\u00").push_back(kHex[byte >> 4]);
            out->push_back(kHex[byte & 15]);
        } else {
            out->push_back(c);
        }
    }
    out->append("\",");
}

}  // namespace

std::string sessionRecord(const sara_presence& presence, uint64_t boot_ms) {
    std::string out = "{";
    addText(&out, "Sid", presence.sid);
    addText(&out, "Jid", presence.jid);
    addText(&out, "Status", {"login", 5});
    addText(&out, "Nodeid", presence.node);
    addText(&out, "Channel", presence.channel);
    out.append("\"Ct\":")
        .append(std::to_string(presence.since_ms / 1000))
        .append(recordTail(boot_ms));
    return out;
}

std::string recordTail(uint64_t boot_ms) { return ",\"Boot\":" + std::to_string(boot_ms) + "}"; }

}  // namespace sara::store_redis
