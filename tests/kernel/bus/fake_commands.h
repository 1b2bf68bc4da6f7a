// A table of commands for tests of single commands: it remembers what was registered, and what was
// answered to which token. Refuses a second answer.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bus/rpc_commands.h"
#include "loop/buffer_pool.h"

namespace sara::bus {

class FakeCommands final : public RpcCommands {
  public:
    struct Answer {
        sara_status st = 99;
        std::string json;
    };
    bool add(std::string_view service, std::string_view method, std::string_view, sara_command_fn f,
             void* user) override {
        return rows
            .emplace(std::string(service) + "." + std::string(method), std::make_pair(f, user))
            .second;
    }
    sara_status reply(sara_id token, sara_status st, sara_buf* result) override {
        EXPECT_FALSE(answers.contains(token)) << "answered twice";
        answers[token] = {
            st, result == nullptr
                    ? ""
                    : std::string(reinterpret_cast<const char*>(result->data), result->len)};
        return SARA_OK;
    }
    void call(std::string_view, std::string_view, std::string_view, sara_buf*, uint32_t, sara_done,
              void*) override {}
    std::vector<Row> list() const override { return {}; }

    std::map<std::string, std::pair<sara_command_fn, void*>> rows;
    std::map<sara_id, Answer> answers;
};

}  // namespace sara::bus
