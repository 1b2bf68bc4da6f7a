#include "makeconn/board.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

namespace sara::makeconn {
namespace {

constexpr size_t kLine = 64;  // of a processor's cache: writers do not disturb each other

size_t rounded(size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

}  // namespace

static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared between processes");

void Board::fail(std::string_view why) {
    for (size_t i = 0; i < reasons.size(); ++i) {
        Reason& reason = reasons[i];
        const uint32_t count = reason.count.load(std::memory_order_relaxed);
        if (count == 0) {
            const size_t n = std::min(why.size(), reason.text.size() - 1);
            std::memcpy(reason.text.data(), why.data(), n);
        } else if (i + 1 < reasons.size() &&
                   why.substr(0, reason.text.size() - 1) != std::string_view(reason.text.data())) {
            continue;
        }
        reason.count.store(count + 1, std::memory_order_release);
        return;
    }
}

Boards::Boards(uint32_t workers, uint32_t users) {
    const size_t signal_bytes = rounded(sizeof(Signal));
    const size_t boards_bytes = rounded(sizeof(Board) * workers);
    bytes_ = signal_bytes + boards_bytes + users;
    memory_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw std::runtime_error("no memory for the counters");
    auto* const base = static_cast<char*>(memory_);
    signal_ = new (base) Signal;
    boards_ = reinterpret_cast<Board*>(base + signal_bytes);
    for (uint32_t i = 0; i < workers; ++i) new (boards_ + i) Board;
    online_ = reinterpret_cast<std::atomic<uint8_t>*>(base + signal_bytes + boards_bytes);
}

Boards::~Boards() { ::munmap(memory_, bytes_); }

}  // namespace sara::makeconn
