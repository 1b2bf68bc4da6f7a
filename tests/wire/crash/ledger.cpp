#include "crash/ledger.h"

#include <charconv>

namespace sara::wire {
namespace {
constexpr size_t kFaultsMax = 100;
}

std::string Ledger::nextId(const std::string& sender, const std::string& receiver) {
    const std::string name = sender + ">" + receiver;
    Pair& pair = pairs_[name];
    pair.receiver = receiver;
    const uint64_t number = pair.next++;
    pair.open[number];
    return name + "#" + std::to_string(number);
}

Ledger::Pair* Ledger::find(const std::string& id, uint64_t& number) {
    const auto mark = id.rfind('#');
    if (mark == std::string::npos) return nullptr;
    const auto pair = pairs_.find(id.substr(0, mark));
    const char* end = id.data() + id.size();
    const auto parsed = std::from_chars(id.data() + mark + 1, end, number);
    if (pair == pairs_.end() || parsed.ec != std::errc{} || parsed.ptr != end) return nullptr;
    return number > 0 && number < pair->second.next ? &pair->second : nullptr;
}

void Ledger::acked(const std::string& id) {
    uint64_t number = 0;
    Pair* pair = find(id, number);
    if (pair == nullptr) return fault("ack for a message that was never sent: " + id);
    const auto message = pair->open.find(number);
    if (message == pair->open.end()) return fault("ack for a message of an earlier life: " + id);
    if (message->second.acked) return fault("acked twice: " + id);
    message->second.acked = true;
    ++acked_count_;
}

void Ledger::delivered(const std::string& receiver, const std::string& id) {
    uint64_t number = 0;
    Pair* pair = find(id, number);
    if (pair == nullptr) return fault(receiver + " got what nobody sent: " + id);
    if (pair->receiver != receiver) return fault(receiver + " got what was not for him: " + id);
    const auto message = pair->open.find(number);
    const bool repeated = message == pair->open.end() || message->second.delivered;
    if (repeated) {
        ++repeated_count_;
        return;
    }
    message->second.delivered = true;
    ++delivered_count_;
    if (number < pair->newest_delivered) {
        fault("order: " + id + " came after #" + std::to_string(pair->newest_delivered));
    }
    pair->newest_delivered = std::max(pair->newest_delivered, number);
}

void Ledger::settle() {
    for (auto& [name, pair] : pairs_) {
        for (const auto& [number, message] : pair.open) {
            if (message.acked && !message.delivered) {
                fault("acked and lost: " + name + "#" + std::to_string(number));
            }
        }
        pair.open.clear();
    }
}

void Ledger::fault(std::string text) {
    if (faults_.size() < kFaultsMax) faults_.push_back(std::move(text));
}

}  // namespace sara::wire
