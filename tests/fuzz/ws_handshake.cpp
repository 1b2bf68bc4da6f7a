// A request is judged the same however it is cut, no answer is longer than its buffer, and what
// became a WebSocket has all that RFC 6455 asks for. The first byte of the input says whether there
// is an allow-list, the second seeds the cuts.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "handshake.h"

namespace {

using namespace sara::ws;

Head cutHead(const std::string& bytes, uint32_t random) {
    Head head;
    size_t seen = 0;
    while (seen < bytes.size() && head.state == Head::State::kMore) {
        random = random * 1664525u + 1013904223u;
        const size_t upto = std::min(bytes.size(), seen + 1 + (random >> 24) % 40);
        head = findHead(reinterpret_cast<const uint8_t*>(bytes.data()), upto, seen);
        seen = upto;
    }
    return head;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    Origins origins;
    std::string error;
    if (data[0] % 2 == 1 && !origins.read("https://a.example http://localhost:1", error)) {
        std::abort();
    }
    const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const Head whole = findHead(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), 0);
    const Head cut = cutHead(bytes, data[1]);
    if (whole.state != cut.state || whole.bytes != cut.bytes) std::abort();
    if (whole.state != Head::State::kWhole) return 0;

    const std::string_view head = std::string_view(bytes).substr(0, whole.bytes);
    const Handshake h = judge(head, origins);
    char out[kAnswerBytesMax];
    const std::string_view answer(out, writeAnswer(h, out));
    if (answer.size() >= sizeof out || answer.substr(0, 9) != "HTTP/1.1 ") std::abort();
    if (answer.find("\r\n\r\n") == std::string_view::npos) std::abort();
    if (h.status != 101) return h.why.empty() ? (std::abort(), 0) : 0;
    for (const char* needed : {"GET ", " HTTP/1.1\r\n", "13", "=="}) {
        if (head.find(needed) == std::string_view::npos) std::abort();
    }
    return 0;
}
