// The extension "sara.bus/1" for tests of the C++ face: records what was subscribed and lets the
// test emit. One bus at a time; refuses the hook "hook.undeclared" as the host refuses one that the
// manifest lacks.
#pragma once
#include <sara/sara.h>

#include <string>
#include <vector>

namespace sara::test {

class FakeBus {
  public:
    struct Filter {
        std::string hook;
        sara_filter filter;
    };
    struct Tap {
        std::string hook;
        sara_tap_fn fn;
        void* user;
    };
    struct Resumed {
        sara_id token;
        sara_verdict verdict;
        std::string reason;
    };

    FakeBus() {
        current() = this;
        table.struct_size = sizeof table;
        table.hook_id = [](const sara_host*, sara_str name) noexcept {
            return current()->idOf(name);
        };
        table.filter = [](const sara_host*, int32_t hook, const sara_filter* f,
                          sara_id* handle) noexcept {
            return current()->addFilter(hook, *f, handle);
        };
        table.tap = [](const sara_host*, int32_t hook, sara_tap_fn fn, void* user,
                       sara_id* handle) noexcept {
            return current()->addTap(hook, fn, user, handle);
        };
        table.suspend = [](const sara_host*, sara_event*, uint32_t, sara_verdict) noexcept {
            return current()->suspended_max-- > 0 ? sara_id{77} : sara_id{0};
        };
        table.resume = [](const sara_host*, sara_id token, sara_verdict v,
                          sara_str reason) noexcept {
            current()->resumed.push_back({token, v, text(reason)});
            return sara_status{SARA_OK};
        };
        table.set_str = [](const sara_host*, sara_event*, uint32_t field, sara_str v) noexcept {
            current()->set.emplace_back(field, text(v));
            return current()->set_status;
        };
    }
    FakeBus(const FakeBus&) = delete;
    FakeBus& operator=(const FakeBus&) = delete;

    sara_verdict emit(const std::string& hook, sara_event* ev) {
        for (const Filter& f : filters) {
            if (f.hook == hook) return f.filter.fn(f.filter.user, ev);
        }
        for (const Tap& t : taps) {
            if (t.hook == hook) t.fn(t.user, ev);
        }
        return SARA_PASS;
    }

    sara_bus table{};
    std::vector<Filter> filters;
    std::vector<Tap> taps;
    std::vector<Resumed> resumed;
    std::vector<std::pair<uint32_t, std::string>> set;
    sara_status set_status = SARA_OK;
    int suspended_max = 1;

  private:
    static FakeBus*& current() {
        static FakeBus* bus = nullptr;
        return bus;
    }
    static std::string text(sara_str s) { return {s.ptr == nullptr ? "" : s.ptr, s.len}; }
    int32_t idOf(sara_str name) {
        hooks_.push_back(text(name));
        return static_cast<int32_t>(hooks_.size() - 1);
    }
    sara_status addFilter(int32_t hook, const sara_filter& f, sara_id* handle) {
        if (name(hook) == "hook.undeclared") return SARA_E_DENIED;
        filters.push_back({name(hook), f});
        *handle = filters.size();
        return SARA_OK;
    }
    sara_status addTap(int32_t hook, sara_tap_fn fn, void* user, sara_id* handle) {
        taps.push_back({name(hook), fn, user});
        *handle = taps.size();
        return SARA_OK;
    }
    const std::string& name(int32_t hook) const {
        return hooks_.at(static_cast<std::size_t>(hook));
    }

    std::vector<std::string> hooks_;
};

}  // namespace sara::test
