#include "chat/delay_policy.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sara::chat {
namespace {

using Sender = std::pair<std::string_view, uint32_t>;  // from and type

bool listed(const std::vector<uint32_t>& types, uint32_t type) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

// Walks in the given order and keeps the first of each sender and type.
template <class Iterator>
void keepFirst(Iterator begin, Iterator end, const std::vector<uint32_t>& types) {
    std::set<Sender> seen;
    for (; begin != end; ++begin) {
        if (!begin->kept || !listed(types, begin->type)) continue;
        begin->kept = seen.insert({begin->from, begin->type}).second;
    }
}

}  // namespace

void DelayPolicy::apply(std::vector<DelayCandidate>& packets) const {
    keepFirst(packets.begin(), packets.end(), settings_.offline_first_only_types);
    keepFirst(packets.rbegin(), packets.rend(), settings_.offline_last_only_types);
    if (settings_.offline_max == 0) return;
    uint32_t left = settings_.offline_max;
    for (auto p = packets.rbegin(); p != packets.rend(); ++p) {
        if (!p->kept) continue;
        if (left == 0) {
            p->kept = false;
        } else {
            --left;
        }
    }
}

}  // namespace sara::chat
