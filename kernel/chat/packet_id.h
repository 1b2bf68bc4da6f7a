// Ids of packets as clients choose them. Decides which may be used: printable ASCII, and no name of
// a key that the earlier server's nodes would overwrite or delete (protocol 5.7).
#pragma once
#include <cstddef>
#include <string_view>

namespace sara::chat {

constexpr size_t kIdBytesMax = 128;

// [any] node_id: the name of this node, which is a key too.
bool validPacketId(std::string_view id, std::string_view node_id);

}  // namespace sara::chat
