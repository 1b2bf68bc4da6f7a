#include "chat/login_delays.h"

#include <algorithm>

#include "chat/text_hash.h"

namespace sara::chat {
namespace {

constexpr uint64_t kCountMask = 0xff;

}  // namespace

LoginDelays::Place& LoginDelays::placeOf(char kind, std::string_view name) {
    return places_[hashText(seed_ ^ static_cast<uint64_t>(kind), name) % kPlaces];
}

// Failures so far, this one included. Two loops that count at once may lose one: it is a delay, not
// a ledger.
uint32_t LoginDelays::count(Place& place, uint64_t now_ms) {
    const uint64_t before = place.load(std::memory_order_relaxed);
    const uint64_t last_ms = before >> 8;
    uint64_t failures = before & kCountMask;
    if (failures != 0 && now_ms - last_ms > kForgetMs) failures = 0;
    failures = std::min(failures + 1, kCountMask);
    place.store(now_ms << 8 | failures, std::memory_order_relaxed);
    return static_cast<uint32_t>(failures);
}

uint32_t LoginDelays::failed(std::string_view address, std::string_view bare_jid, uint64_t now_ms) {
    uint32_t failures = count(placeOf('a', address), now_ms);
    if (!bare_jid.empty()) failures = std::max(failures, count(placeOf('j', bare_jid), now_ms));
    return 1u << std::min(failures - 1, kDoublingsMax);
}

void LoginDelays::succeeded(std::string_view bare_jid) {
    placeOf('j', bare_jid).store(0, std::memory_order_relaxed);
}

}  // namespace sara::chat
