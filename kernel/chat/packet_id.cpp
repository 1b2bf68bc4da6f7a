#include "chat/packet_id.h"

namespace sara::chat {

bool validPacketId(std::string_view id, std::string_view node_id) {
    if (id.empty() || id.size() > kIdBytesMax) return false;
    bool odd = false;
    for (const char c : id) odd |= static_cast<unsigned char>(c - 0x21) > 0x7e - 0x21;
    if (odd) return false;
    // Names of keys that the earlier server's nodes would overwrite or delete.
    switch (id.front()) {
        case 's':
            if (id.starts_with("session_") || id.starts_with("sara")) return false;
            break;
        case 'o':
            if (id.starts_with("offline_")) return false;
            break;
        case 'g':
            if (id.starts_with("group_")) return false;
            break;
        case 'k':
            if (id.starts_with("keep_")) return false;
            break;
        default:
            break;
    }
    if (id.back() == 'x' && id.ends_with("_idx")) return false;
    return id != node_id;
}

}  // namespace sara::chat
