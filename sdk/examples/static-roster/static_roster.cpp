// A callback service in C++: groups whose members stand in the conf file, the same for every
// domain, and one log line for each message that waits for somebody who is away. Refuses a list
// that it cannot read.
#include <map>
#include <memory>
#include <sara/plugin.hpp>
#include <string>
#include <vector>

#include "manifest.h"

namespace {

constexpr std::size_t kCrowdMax = 1'000'000;

class StaticRoster : public sara::Plugin {
  private:
    struct Group {
        std::vector<std::string> names;
        std::vector<sara_str> views;
    };
    struct Answer {
        const Group* group;
        sara_members_done done;
        void* user;
    };

    sara::Result<void> init() override {
        delay_ms_ = static_cast<uint64_t>(config().integer("delay_ms", 0));
        std::string_view rest = config().text("groups", "");
        while (!rest.empty()) {
            const std::string_view entry = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
            if (!entry.empty() && !add(entry)) {
                return sara::Error{sara::Status::kInvalid, "groups: expected gid=name,name*N"};
            }
        }
        return {};
    }

    bool add(std::string_view entry) {
        const std::size_t equals = entry.find('=');
        if (equals == 0 || equals == std::string_view::npos) return false;
        Group& group = groups_[std::string(entry.substr(0, equals))];
        std::string_view names = entry.substr(equals + 1);
        while (!names.empty()) {
            const std::string_view name = names.substr(0, names.find(','));
            names.remove_prefix(std::min(names.size(), name.size() + 1));
            const std::size_t star = name.find('*');
            if (star == std::string_view::npos) {
                group.names.emplace_back(name);
                continue;
            }
            std::size_t count = 0;
            for (const char c : name.substr(star + 1)) {
                if (c < '0' || c > '9' || count > kCrowdMax) return false;
                count = count * 10 + static_cast<std::size_t>(c - '0');
            }
            for (std::size_t i = 0; i < count; ++i) {
                group.names.push_back(std::string(name.substr(0, star)) + std::to_string(i));
            }
        }
        group.views.clear();
        for (const std::string& name : group.names) {
            group.views.push_back({name.data(), name.size()});
        }
        return true;
    }

    static void give(const Answer& a) {
        if (a.group == nullptr) {
            a.done(a.user, SARA_E_NOTFOUND, nullptr, 0);
        } else {
            a.done(a.user, SARA_OK, a.group->views.data(),
                   static_cast<uint32_t>(a.group->views.size()));
        }
    }

    static void members(void* self, sara_str gid, sara_str, sara_members_done done,
                        void* user) SARA_NOEXCEPT {
        auto& roster = *static_cast<StaticRoster*>(static_cast<sara::Plugin*>(self));
        const auto known = roster.groups_.find(std::string_view(gid.ptr, gid.len));
        const Answer answer{known == roster.groups_.end() ? nullptr : &known->second, done, user};
        if (roster.delay_ms_ == 0) {
            give(answer);
            return;
        }
        auto later = std::make_unique<Answer>(answer);
        const sara_id timer = roster.host().loop->timer(
            roster.host().raw(), roster.delay_ms_, 0,
            [](void* kept)
                SARA_NOEXCEPT { give(*std::unique_ptr<Answer>(static_cast<Answer*>(kept))); },
            later.get());
        if (timer != 0) {
            (void)later.release();
        } else {
            give(answer);
        }
    }

    static void offline(void* self, sara_str user, sara_buf*, uint64_t) SARA_NOEXCEPT {
        static_cast<sara::Plugin*>(self)->log().info("a message waits for ", sara::view(user));
    }

    const void* service(std::string_view id) override {
        static constexpr sara_callback kTable = {sizeof(sara_callback), 0, &members, &offline};
        return id == SARA_SVC_CALLBACK ? &kTable : nullptr;
    }

    std::map<std::string, Group, std::less<>> groups_;
    uint64_t delay_ms_ = 0;
};

}  // namespace

SARA_PLUGIN(StaticRoster)
