// How long a refused client is held before its connection is closed. Decides that each further
// failure of an address or a jid doubles the wait, up to a limit, and that it is forgotten after a
// while without failures; a login of the jid that succeeds forgets at once. Bounded: two that meet
// in one place share it for a while.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sara::chat {

class LoginDelays {
  public:
    static constexpr uint32_t kDoublingsMax = 4;    // docs/limits.md: login_failure_doublings_max
    static constexpr uint64_t kForgetMs = 600'000;  // docs/limits.md: login_failure_memory_ms
    static constexpr size_t kPlaces = 1 << 14;      // docs/limits.md: login_failure_places_max

    // seed: nobody outside knows it, so that nobody can choose whom he meets.
    explicit LoginDelays(uint64_t seed) : seed_(seed), places_(kPlaces) {}

    // [any] One more failure: by how much the base is to be multiplied.
    uint32_t failed(std::string_view address, std::string_view bare_jid, uint64_t now_ms);
    // [any]
    void succeeded(std::string_view bare_jid);

  private:
    // Milliseconds of the last failure in the upper bits, number of failures in the lower 8.
    using Place = std::atomic<uint64_t>;
    Place& placeOf(char kind, std::string_view name);
    uint32_t count(Place& place, uint64_t now_ms);

    const uint64_t seed_;
    std::vector<Place> places_;
};

}  // namespace sara::chat
