// Which stored packets a user gets at his login, where an operator asked for the rules of 2014
// (protocol 2.9): at most the last N, and of some types only the first or only the last of each
// sender. Decides nothing while no rule is set; what it leaves out is forgotten.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/settings.h"

namespace sara::chat {

// One stored packet of a user, in order of arrival.
struct DelayCandidate {
    std::string_view from;  // bare jid
    uint32_t type;
    bool kept = true;
};

class DelayPolicy {
  public:
    explicit DelayPolicy(const Settings& settings) : settings_(settings) {}

    // Is any rule set? Without one nobody needs to know types.
    bool active() const {
        return settings_.offline_max != 0 || !settings_.offline_first_only_types.empty() ||
               !settings_.offline_last_only_types.empty();
    }
    // Clears kept of what the rules leave out.
    void apply(std::vector<DelayCandidate>& packets) const;

  private:
    const Settings& settings_;
};

}  // namespace sara::chat
