// The built plugin on a fake host with a backend of the test behind it, and the two services as a
// loop would call them. Decides the times of these tests: short ones, so that a mode that waits for
// a timeout does not hold the suite up.
#pragma once
#include <gtest/gtest.h>
#include <sara/abi/auth.h>
#include <sara/abi/callback.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/backend.h"
#include "kit/temp_folder.h"
#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"

namespace sara::auth_callback {

class CallbackRig : public ::testing::Test {
  protected:
    struct Members {
        sara_status status = SARA_OK;
        std::vector<std::string> users;
    };

    // Further members of the section, each with a comma in front.
    std::string config(const std::string& more = "") const {
        return R"({"callback":")" + url_ + R"(","datadir":")" + folder_.file("data") +
               R"(","timeout_ms":400,"breaker_failures":1000)" + more + "}";
    }
    // False: host().error() says why.
    bool start(const std::string& more = "", uint32_t loops = 1) {
        stop();
        std::string error;
        const sara_plugin_desc* desc = testkit::loadPlugin(SARA_CALLBACK_PLUGIN, &error);
        if (desc == nullptr) throw std::runtime_error(error);
        host_ = std::make_unique<testkit::FakeHost>(
            testkit::FakeHostOptions{.loops = loops,
                                     .config_json = config(more),
                                     .manifest_json = desc->manifest,
                                     .real_time = real_time_});
        plugin_ = std::make_unique<testkit::PluginInstance>(*host_, desc);
        return plugin_->start() == SARA_OK;
    }
    void stop() {
        plugin_.reset();
        if (host_ != nullptr) {
            EXPECT_EQ(host_->buffersAlive(), 0);
        }
        host_.reset();
    }
    void useBackend(wire::BackendMode mode = wire::BackendMode::kGood) {
        backend_ = std::make_unique<wire::Backend>(mode);
        url_ = backend_->url();
    }
    void TearDown() override { stop(); }

    testkit::FakeHost& host() { return *host_; }
    wire::Backend& backend() { return *backend_; }

    // Asks; the answer comes into what is returned, which lives as long as the test.
    std::optional<sara_status>* ask(const std::string& user, const std::string& password,
                                    uint32_t loop = 0) {
        logins_.emplace_back();
        std::optional<sara_status>* answer = &logins_.back();
        host().loop(loop).run([&] {
            const std::string jid = user + "@t.com";
            const sara_auth_request request{sizeof request,
                                            0,
                                            testkit::toStr(user),
                                            testkit::toStr("t.com"),
                                            testkit::toStr(jid),
                                            testkit::toStr(password),
                                            testkit::toStr("127.0.0.1"),
                                            testkit::toStr("tcp")};
            const auto done = [](void* to, sara_status st, sara_buf*) noexcept {
                auto& slot = *static_cast<std::optional<sara_status>*>(to);
                EXPECT_FALSE(slot.has_value()) << "completed twice";
                slot = st;
            };
            plugin_->service<sara_auth>(SARA_SVC_AUTH)
                ->check(plugin_->self(), &request, done, answer);
            EXPECT_FALSE(answer->has_value()) << "completed inside the call";
        });
        return answer;
    }
    sara_status login(const std::string& user = "alice", const std::string& password = "tok") {
        auto* answer = ask(user, password);
        EXPECT_TRUE(host().runUntil([&] { return answer->has_value(); }));
        return answer->value_or(999);
    }
    std::optional<Members>* askMembers(const std::string& gid, const std::string& domain = "t.com",
                                       uint32_t loop = 0) {
        groups_.emplace_back();
        std::optional<Members>* answer = &groups_.back();
        host().loop(loop).run([&] {
            const auto done = [](void* to, sara_status st, const sara_str* users,
                                 uint32_t n) noexcept {
                auto& slot = *static_cast<std::optional<Members>*>(to);
                EXPECT_FALSE(slot.has_value()) << "completed twice";
                slot.emplace();
                slot->status = st;
                for (uint32_t i = 0; i < n; ++i)
                    slot->users.emplace_back(users[i].ptr, users[i].len);
            };
            callback()->members(plugin_->self(), testkit::toStr(gid), testkit::toStr(domain), done,
                                answer);
        });
        return answer;
    }
    Members members(const std::string& gid, const std::string& domain = "t.com") {
        auto* answer = askMembers(gid, domain);
        EXPECT_TRUE(host().runUntil([&] { return answer->has_value(); }));
        return answer->value_or(Members{999, {}});
    }
    void notice(const std::string& jid, const std::string& packet, uint64_t total = 1) {
        host().loop().run([&] {
            sara_buf* buf = host().buffer(packet);
            callback()->offline(plugin_->self(), testkit::toStr(jid), buf, total);
            host().unref(buf);
        });
    }
    const sara_callback* callback() const {
        return plugin_->service<sara_callback>(SARA_SVC_CALLBACK);
    }

    wire::TempFolder folder_;
    std::string url_;
    bool real_time_ = true;
    std::unique_ptr<wire::Backend> backend_;
    std::unique_ptr<testkit::FakeHost> host_;
    std::unique_ptr<testkit::PluginInstance> plugin_;
    std::deque<std::optional<sara_status>> logins_;
    std::deque<std::optional<Members>> groups_;
};

}  // namespace sara::auth_callback
