// What became of a packet, as its sender is told.
#pragma once
#include <cstdint>
#include <string_view>

namespace sara::chat {

enum class Outcome : uint64_t { kAck, kStoreError, kBacklogFull, kBusy, kRejected };

// The word of the notice.
std::string_view reasonOf(Outcome outcome);

}  // namespace sara::chat
