// The kernel's commands about sessions, on real rooms with fake connections.
#include "bus/session_commands.h"

#include <gtest/gtest.h>

#include <set>

#include "chat_stage.h"
#include "fake_commands.h"

namespace sara::bus {
namespace {

class SessionCommandsTest : public ::testing::Test {
  protected:
    explicit SessionCommandsTest(loop::EventLoop::Limits limits = {})
        : stage(2, {}, false, limits) {}

    FakeCommands::Answer ask(const std::string& method, const std::string& params,
                             uint32_t from = 0) {
        const sara_id token = ++token_;
        const auto [fn, user] = fake.rows.at("emsg_session." + method);
        loop::Buffer* buffer = loop::newBuffer(params.size());
        std::copy(params.begin(), params.end(), buffer->bytes());
        stage.on(from, [&, f = fn, u = user] { f(u, token, reinterpret_cast<sara_buf*>(buffer)); });
        loop::unrefBuffer(buffer);
        stage.settle();
        EXPECT_TRUE(fake.answers.contains(token)) << method << " gave no answer";
        return fake.answers[token];
    }
    chat::test::User online(const std::string& jid) {
        chat::test::User user(stage, jid);
        user.login();
        return user;
    }

    chat::test::Stage stage;
    FakeCommands fake;
    SessionCommands commands{stage.world, fake};

  private:
    sara_id token_ = 0;
};

TEST_F(SessionCommandsTest, IsOnlineKnowsUsersOfEveryLoopWhateverTheResource) {
    const std::string here = stage.userOn(0), there = stage.userOn(1);
    auto a = online(here + "/pc");
    auto b = online(there);
    for (const std::string& jid : {here, there, here + "/phone"}) {
        const auto answer = ask("isonline", R"({"jid":")" + jid + R"("})");
        EXPECT_EQ(answer.st, SARA_OK) << jid;
        EXPECT_EQ(answer.json, "") << jid;
    }
    EXPECT_EQ(ask("isonline", R"({"jid":"nobody@t.com"})").st, SARA_E_NOTFOUND);
}

TEST_F(SessionCommandsTest, IsOnlineSaysNoToWhatIsNoJid) {
    for (const char* params : {"{}", R"({"jid":7})", R"({"jid":null})", R"({"jid":"alice"})",
                               R"({"jid":["a@t.com"]})", "[]", "nonsense", ""}) {
        const auto answer = ask("isonline", params);
        EXPECT_EQ(answer.st, SARA_E_INVALID) << params;
        EXPECT_EQ(answer.json, "") << params;
    }
}

TEST_F(SessionCommandsTest, CounterCountsTheSessionsOfAllLoops) {
    EXPECT_EQ(ask("counter", "{}").json, R"({"counters":[{"count":0,"node":"n01"}]})");
    auto a = online(stage.userOn(0));
    auto b = online(stage.userOn(1));
    auto c = online(stage.userOn(1, 1));
    EXPECT_EQ(ask("counter", "{}", 1).json, R"({"counters":[{"count":3,"node":"n01"}]})");
}

TEST_F(SessionCommandsTest, KickEndsTheSessionLikeANewerLogin) {
    const std::string jid = stage.userOn(1);
    auto user = online(jid + "/pc");
    EXPECT_EQ(ask("kick", R"({"jid":")" + jid + R"(/phone"})").st, SARA_E_NOTFOUND);
    EXPECT_EQ(ask("isonline", R"({"jid":")" + jid + R"("})").st, SARA_OK);
    const auto answer = ask("kick", R"({"jid":")" + jid + R"("})");
    EXPECT_EQ(answer.st, SARA_OK);
    EXPECT_EQ(ask("isonline", R"({"jid":")" + jid + R"("})").st, SARA_E_NOTFOUND);
    const auto again = ask("kick", R"({"jid":")" + jid + R"("})");
    EXPECT_EQ(again.st, SARA_E_NOTFOUND);
    EXPECT_EQ(again.json, R"({"reason":"notfound"})");
    EXPECT_EQ(ask("kick", "{}").json, R"({"reason":"jid_invalid"})");
}

TEST_F(SessionCommandsTest, ListGivesEverySessionOnceOverItsPages) {
    std::set<std::string> expected;
    std::vector<chat::test::User> users;
    for (uint32_t i = 0; i < 150; ++i) {
        const std::string jid = stage.userOn(i % 2, i / 2);
        users.push_back(online(jid));
        expected.insert(jid);
    }
    std::set<std::string> seen;
    std::string cursor;
    for (int page = 0; page < 40; ++page) {
        const auto answer =
            ask("list",
                R"({"limit":7)" + (cursor.empty() ? "" : R"(,"cursor":")" + cursor + '"') + "}");
        ASSERT_EQ(answer.st, SARA_OK);
        for (const std::string& jid : expected) {
            if (answer.json.find('"' + jid + '"') == std::string::npos) continue;
            EXPECT_TRUE(seen.insert(jid).second) << jid << " came twice";
        }
        const size_t at = answer.json.find("\"cursor\":\"");
        if (at == std::string::npos) break;
        cursor = answer.json.substr(at + 10);
        cursor = cursor.substr(0, cursor.find('"'));
    }
    EXPECT_EQ(seen, expected);
}

TEST_F(SessionCommandsTest, ListRefusesWhatItCannotKeep) {
    for (const char* params : {R"({"limit":0})", R"({"limit":1001})", R"({"limit":-5})",
                               R"({"limit":"many"})", R"({"limit":[]})", R"({"limit":1e30})"}) {
        EXPECT_EQ(ask("list", params).json, R"({"reason":"limit_invalid"})") << params;
    }
    for (const char* cursor : {"", "1", "1.", ".1", "2.0", "1.2x", "-1.0", "99999999999.0"}) {
        EXPECT_EQ(ask("list", std::string(R"({"cursor":")") + cursor + "\"}").json,
                  R"({"reason":"cursor_invalid"})")
            << cursor;
    }
    EXPECT_EQ(ask("list", R"({"cursor":"1.4000000000"})").json, R"({"sessions":[]})");
    EXPECT_EQ(ask("list", "{}").json, R"({"sessions":[]})");
}

// A full mailbox is an answer, and no question is forgotten behind it.
class FullMailbox : public SessionCommandsTest {
  protected:
    FullMailbox() : SessionCommandsTest({.mailbox_max = 0}) {}
};

TEST_F(FullMailbox, IsAnsweredAsBusy) {
    const std::string there = R"({"jid":")" + stage.userOn(1) + R"("})";
    for (const char* method : {"isonline", "kick"}) {
        const auto answer = ask(method, there, 0);
        EXPECT_TRUE(answer.st == SARA_E_AGAIN || answer.st == SARA_E_NOTFOUND) << method;
    }
    (void)ask("counter", "{}");
    (void)ask("list", "{}");
}

}  // namespace
}  // namespace sara::bus
