// The book of a run with crashes: what was sent, what the server acked to the sender, what
// receivers got. Decides what counts as broken: an acked message that never arrived, a message
// nobody sent or for somebody else, an order turned round. Repeats are allowed: after a crash the
// promise is at least once.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sara::wire {

class Ledger {
  public:
    // The id of the next message from sender to receiver; it carries pair and number.
    [[nodiscard]] std::string nextId(const std::string& sender, const std::string& receiver);
    // The server told the sender that this message is safe.
    void acked(const std::string& id);
    // receiver got this message, live or in a login reply.
    void delivered(const std::string& receiver, const std::string& id);

    // Call when everybody has logged in again and has drained: every acked message must be
    // delivered by now. Messages that were neither acked nor delivered are forgotten: the crash may
    // have them.
    void settle();

    // One line per broken promise, at most a hundred.
    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
    [[nodiscard]] uint64_t ackedCount() const { return acked_count_; }
    [[nodiscard]] uint64_t deliveredCount() const { return delivered_count_; }
    [[nodiscard]] uint64_t repeatedCount() const { return repeated_count_; }

  private:
    struct Message {
        bool acked = false;
        bool delivered = false;
    };
    struct Pair {
        std::string receiver;
        uint64_t next = 1;
        uint64_t newest_delivered = 0;
        std::map<uint64_t, Message> open;  // since the last settle()
    };
    // Finds the pair and number behind an id; nullptr when it is none of ours.
    Pair* find(const std::string& id, uint64_t& number);
    void fault(std::string text);

    std::map<std::string, Pair> pairs_;  // by "sender>receiver"
    std::vector<std::string> faults_;
    uint64_t acked_count_ = 0;
    uint64_t delivered_count_ = 0;
    uint64_t repeated_count_ = 0;
};

}  // namespace sara::wire
