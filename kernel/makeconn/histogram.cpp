#include "makeconn/histogram.h"

#include <algorithm>

namespace sara::makeconn {

uint64_t Histogram::valueOf(size_t slot) {
    if (slot < kSteps) return slot;
    const auto exponent = slot / kSteps - 1;
    const uint64_t low = (kSteps + slot % kSteps) << exponent;
    return low + ((1ull << exponent) >> 1);
}

double Histogram::micros(double q) const {
    if (total_ == 0) return 0;
    const auto wanted =
        std::min(total_ - 1, static_cast<uint64_t>(q * static_cast<double>(total_)));
    uint64_t seen = 0;
    for (size_t slot = 0; slot < counts_.size(); ++slot) {
        seen += counts_[slot];
        if (seen > wanted) return static_cast<double>(std::min(valueOf(slot), highest_)) / 1000.0;
    }
    return static_cast<double>(highest_) / 1000.0;
}

}  // namespace sara::makeconn
