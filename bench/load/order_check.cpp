#include "load/order_check.h"

#include <algorithm>

namespace sara::bench {

void OrderCheck::strange(uint32_t number) {
    const auto at = std::lower_bound(early_.begin(), early_.end(), number);
    if (number < next_ || (at != early_.end() && *at == number)) {
        ++repeated_;
        return;
    }
    early_.insert(at, number);
    ++unique_;
    ++out_of_order_;
}

void OrderCheck::catchUp() {
    auto end = early_.begin();
    while (end != early_.end() && *end == next_) {
        ++next_;
        ++end;
    }
    early_.erase(early_.begin(), end);
}

}  // namespace sara::bench
