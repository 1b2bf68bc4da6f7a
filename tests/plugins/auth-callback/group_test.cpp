// Group look-ups against a backend.
#include <gmock/gmock.h>

#include "callback_rig.h"

namespace sara::auth_callback {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::BackendMode;

class CallbackGroupTest : public CallbackRig {
  protected:
    void useGroups(const std::string& users = R"(["alice","bob@t.com",7,"alice"])") {
        useBackend();
        backend().answer([users](const wire::BackendRequest& r) {
            return r.param("gid") == "none"
                       ? R"({"success":false})"
                       : R"({"sn":"1","success":true,"entity":{"users":)" + users + "}}";
        });
    }
    size_t asked() { return backend().requests("get_user_list").size(); }
};

TEST_F(CallbackGroupTest, MembersComeInTheOrderAndAsTheBackendNamesThem) {
    useGroups();
    ASSERT_TRUE(start());
    const Members found = members("g1");
    EXPECT_EQ(found.status, SARA_OK);
    EXPECT_THAT(found.users, ElementsAre("alice", "bob@t.com", "7", "alice"));
    EXPECT_EQ(backend().requests().at(0).service, "emsg_group");
}

TEST_F(CallbackGroupTest, AnswerIsRememberedPerGroupAndDomainForAnHour) {
    real_time_ = false;
    useGroups();
    ASSERT_TRUE(start());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(members("g1").status, SARA_OK);
    EXPECT_EQ(asked(), 1u);
    EXPECT_EQ(host().metric("callback_group_hits_total"), 4);
    EXPECT_EQ(members("g1", "other.com").status, SARA_OK);
    EXPECT_EQ(asked(), 2u);
    host().advance(3'600'000 - 1000);
    EXPECT_EQ(members("g1").status, SARA_OK);
    EXPECT_EQ(asked(), 2u);
    host().advance(1000);
    EXPECT_EQ(members("g1").status, SARA_OK);
    EXPECT_EQ(asked(), 3u);
}

TEST_F(CallbackGroupTest, ThatThereIsNoGroupIsRememberedForTenSeconds) {
    real_time_ = false;
    useGroups();
    ASSERT_TRUE(start());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(members("none").status, SARA_E_NOTFOUND);
    EXPECT_EQ(asked(), 1u);
    host().advance(10'000);
    EXPECT_EQ(members("none").status, SARA_E_NOTFOUND);
    EXPECT_EQ(asked(), 2u);
}

TEST_F(CallbackGroupTest, FewerThanTwoMembersAreNoGroup) {
    for (const char* users : {"[]", R"(["alice"])", R"("alice,bob")", "[null,null]"}) {
        useGroups(users);
        ASSERT_TRUE(start());
        EXPECT_EQ(members("g1").status, SARA_E_NOTFOUND) << users;
        EXPECT_THAT(members("g1").users, IsEmpty()) << users;
    }
}

TEST_F(CallbackGroupTest, ManyWhoAskAtOnceOnAllLoopsMakeOneCall) {
    useGroups();
    ASSERT_TRUE(start(R"(,"timeout_ms":10000)", 4));
    std::vector<std::optional<Members>*> answers;
    for (uint32_t i = 0; i < 400; ++i) answers.push_back(askMembers("g1", "t.com", i % 4));
    ASSERT_TRUE(host().runUntil([&] {
        return std::all_of(answers.begin(), answers.end(), [](auto* a) { return a->has_value(); });
    }));
    for (auto* answer : answers) EXPECT_EQ((*answer)->users.size(), 4u);
    EXPECT_EQ(asked(), 1u);
}

TEST_F(CallbackGroupTest, FailureOfTheBackendIsNotRememberedAsNoGroup) {
    useGroups();
    backend().mode(BackendMode::kError);
    ASSERT_TRUE(start(R"(,"group_retries":0)"));
    EXPECT_EQ(members("g1").status, SARA_E_IO);
    backend().mode(BackendMode::kBlackHole);
    EXPECT_EQ(members("g1").status, SARA_E_TIMEOUT);
    backend().mode(BackendMode::kGood);
    EXPECT_EQ(members("g1").status, SARA_OK);
}

TEST_F(CallbackGroupTest, AnswerBeyondItsLimitsIsNoGroup) {
    useGroups();
    ASSERT_TRUE(start(R"(,"group_members_max":3)"));
    EXPECT_EQ(members("g1").status, SARA_E_NOTFOUND);
}

TEST_F(CallbackGroupTest, ReloadForgetsOneGroupOnAllLoops) {
    useGroups();
    ASSERT_TRUE(start("", 2));
    const auto everywhere = [this](const std::string& gid) {
        for (uint32_t loop = 0; loop < 2; ++loop) {
            auto* answer = askMembers(gid, "t.com", loop);
            ASSERT_TRUE(host().runUntil([&] { return answer->has_value(); }));
        }
    };
    everywhere("7");
    everywhere("g2");
    EXPECT_EQ(asked(), 2u);
    const auto answer = host().command("emsg_group", "reload", R"({"gid":7,"domain":"t.com"})");
    EXPECT_EQ(answer.status, SARA_OK);
    EXPECT_EQ(answer.result, "");
    everywhere("7");
    everywhere("g2");
    EXPECT_EQ(asked(), 3u);
}

TEST_F(CallbackGroupTest, ReloadSaysWhatIsMissing) {
    ASSERT_TRUE(start());
    const auto reload = [this](const std::string& params) {
        const auto answer = host().command("emsg_group", "reload", params);
        return std::to_string(answer.status) + answer.result;
    };
    const std::string invalid = std::to_string(SARA_E_INVALID);
    EXPECT_EQ(reload(R"({"gid":"g1","domain":"t.com"})"), "0")
        << "without a URL there is nothing to forget";
    EXPECT_EQ(reload(R"({"domain":"t.com"})"), invalid + R"({"reason":"gid_not_be_empty"})");
    EXPECT_EQ(reload(R"({"gid":"g1","domain":""})"),
              invalid + R"({"reason":"domain_not_be_empty"})");
}

TEST_F(CallbackGroupTest, EverybodyIsAnsweredAtTheEnd) {
    useBackend(BackendMode::kBlackHole);
    ASSERT_TRUE(start(R"(,"timeout_ms":60000)", 2));
    std::vector<std::optional<Members>*> answers;
    for (uint32_t i = 0; i < 50; ++i) {
        answers.push_back(askMembers("g" + std::to_string(i % 5), "t.com", i % 2));
    }
    ASSERT_TRUE(backend().waitRequests(1));
    plugin_->stop();
    for (auto* answer : answers) {
        ASSERT_TRUE(answer->has_value());
        EXPECT_EQ((*answer)->status, SARA_E_CLOSED);
    }
}

}  // namespace
}  // namespace sara::auth_callback
