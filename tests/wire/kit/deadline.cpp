#include "kit/deadline.h"

#include <poll.h>

#include <algorithm>

namespace sara::wire {

int Deadline::leftMs() const {
    const auto left = std::chrono::ceil<Millis>(at_ - Clock::now());
    return static_cast<int>(std::max<Millis::rep>(0, left.count()));
}

bool waitUntil(const std::function<bool()>& condition, Millis wait) {
    const Deadline deadline(wait);
    while (!condition()) {
        if (deadline.passed()) return false;
        ::poll(nullptr, 0, std::min(3, deadline.leftMs()));
    }
    return true;
}

}  // namespace sara::wire
