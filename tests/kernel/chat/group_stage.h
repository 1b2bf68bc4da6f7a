// A stage with a group: alice, bob and carl are online, everybody else is away.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "chat_stage.h"

namespace sara::chat::test {

// {"envelope":{"id":..,"type":2,"from":..,"gid":..,"ack":1},"payload":{"content":"hi"}}
inline std::string groupText(const std::string& from, const std::string& id,
                             const std::string& gid) {
    return R"({"envelope":{"id":")" + id + R"(","type":2,"from":")" + from + R"(","gid":")" + gid +
           R"(","ack":1},"payload":{"content":"hi"}})";
}

struct GroupStage : Stage {
    explicit GroupStage(uint32_t count, Settings s = {}) : Stage(count, std::move(s)) {
        for (User* u : {&alice, &bob, &carl}) u->login().take();
    }
    // Of the domain t.com.
    void group(const std::string& gid, std::vector<std::string> names) {
        callback.groups[gid + "@t.com"] = std::move(names);
    }
    User alice{*this, "alice@t.com"};
    User bob{*this, "bob@t.com"};
    User carl{*this, "carl@t.com"};
};

}  // namespace sara::chat::test
