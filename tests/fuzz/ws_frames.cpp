// However a client's frames are cut and wherever the gate stops, the reader gives what RFC 6455
// written down plainly gives. The first byte of the input is the limit, the second seeds the cuts.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "recorded_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const uint64_t limit = data[0] < 128 ? data[0] : uint64_t{data[0]} * 100;
    uint32_t random = data[1] + 1u;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto expected = sara::ws::naiveRead(bytes, limit);

    sara::ws::RecordedReader whole(limit);
    whole.feed(bytes);
    if (whole.events != expected) std::abort();

    sara::ws::RecordedReader cut(limit);
    while (!bytes.empty()) {
        random = random * 1664525u + 1013904223u;
        const size_t n = std::min<size_t>(bytes.size(), 1 + (random >> 24) % 40);
        cut.feed(bytes.substr(0, n), (random >> 20) % 4);
        // The message so far, and one frame above it that is still coming in.
        if (cut.held() > limit + sara::ws::kHeaderBytesMax + sara::ws::kControlBytesMax) {
            std::abort();
        }
        bytes.remove_prefix(n);
    }
    if (cut.events != expected) std::abort();
    return 0;
}
