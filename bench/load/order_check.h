// Whether the messages of one pair arrived once each and in order. Refuses to guess: what is
// missing at the end counts as lost.
#pragma once
#include <cstdint>
#include <vector>

namespace sara::bench {

class OrderCheck {
  public:
    // number: 0, 1, 2, ... as sent.
    void arrived(uint32_t number) {
        if (number == next_) {  // nearly always
            ++next_;
            ++unique_;
            if (!early_.empty()) catchUp();
            return;
        }
        strange(number);
    }
    [[nodiscard]] uint64_t unique() const { return unique_; }
    [[nodiscard]] uint64_t repeated() const { return repeated_; }
    [[nodiscard]] uint64_t outOfOrder() const { return out_of_order_; }

  private:
    void strange(uint32_t number);
    void catchUp();

    uint32_t next_ = 0;
    uint64_t unique_ = 0;
    uint64_t repeated_ = 0;
    uint64_t out_of_order_ = 0;
    std::vector<uint32_t> early_;  // arrived before their turn, sorted
};

}  // namespace sara::bench
