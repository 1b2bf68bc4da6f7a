// Checks that say whether this node is ready for clients. Decides that names are unique, that a
// check ends with its plugin, and that nobody is asked after that. Knows no wire format.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "sara/sara.h"

namespace sara::bus {

class Instance;

class HealthChecks {
  public:
    static constexpr size_t kChecksMax = 64;  // docs/limits.md: health_checks_max
    static constexpr size_t kNameBytesMax = 64;

    // [control] owner: the plugin of the check, nullptr for the kernel.
    sara_status add(const Instance* owner, std::string_view name, sara_check_fn fn, void* user);
    // [control] Waits for a visit that is under way.
    void removeAll(const Instance* owner);
    // [any] Asks every check; the first status that is not SARA_OK.
    sara_status visit(sara_check_visit_fn fn, void* user);

  private:
    struct Check {
        const Instance* owner;
        sara_check_fn fn;
        void* user;
    };
    std::mutex mutex_;  // held while checks are asked: they do not block
    std::map<std::string, Check, std::less<>> checks_;
};

}  // namespace sara::bus
