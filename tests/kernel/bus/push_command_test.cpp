// emsg_message.push on real rooms: what arrives, when the caller is answered, and what is refused.
#include "bus/push_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"
#include "fake_commands.h"

namespace sara::bus {
namespace {

using chat::test::User;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Push : public testing::Test {
  protected:
    Push() {
        stage.callback.groups["g1@t.com"] = {"bob", "dora"};
        bob.login().take();
    }
    ~Push() override { owned.reset(); }
    // Returns the token. The answer may not be there yet.
    sara_id push(const std::string& params) {
        const sara_id token = ++token_;
        const auto [fn, user] = fake.rows.at("emsg_message.push");
        loop::Buffer* buffer = loop::newBuffer(params.size());
        std::copy(params.begin(), params.end(), buffer->bytes());
        stage.on(0, [&, f = fn, u = user] { f(u, token, reinterpret_cast<sara_buf*>(buffer)); });
        loop::unrefBuffer(buffer);
        stage.settle();
        return token;
    }
    // What the caller of a bad push is told.
    std::string refusal(const std::string& params) {
        const FakeCommands::Answer answer = fake.answers[push(params)];
        EXPECT_EQ(answer.st, SARA_E_INVALID) << params;
        return answer.json;
    }

    FakeCommands fake;
    // Ends first: what it still owes is answered then.
    std::unique_ptr<chat::test::Stage> owned = std::make_unique<chat::test::Stage>(2);
    chat::test::Stage& stage = *owned;
    PushCommand command{stage.world, fake};
    User bob{stage, stage.userOn(1)};

  private:
    sara_id token_ = 0;
};

TEST_F(Push, ReachesAUserAndIsAnsweredWhenHeHasIt) {
    const std::string ct = std::to_string(stage.clock.wallMs());
    const sara_id token =
        push(R"({"to":")" + bob.jid() + R"(/pc","payload":{"n":1.0, "c":"\u4f60"}})");
    const std::string frame = bob.next();
    const std::string id = chat::test::wordsOf(frame)[0];
    EXPECT_EQ(frame, R"({"envelope":{"id":")" + id + R"(","from":"server","to":")" + bob.jid() +
                         R"(/pc","type":1,"ack":1,"ct":")" + ct +
                         R"("},"payload":{"n":1.0, "c":"\u4f60"},"vsn":"0.0.1"})");
    EXPECT_THAT(fake.answers, IsEmpty());
    bob.ack(id);
    EXPECT_EQ(fake.answers[token].st, SARA_OK);
    EXPECT_EQ(fake.answers[token].json, R"({"id":")" + id + R"("})");
}

TEST_F(Push, IsAnsweredOnceItIsStoredForAUserWhoIsAway) {
    stage.store.hold = true;
    const sara_id token = push(R"({"to":"dora@t.com","payload":{}})");
    EXPECT_THAT(fake.answers, IsEmpty());
    stage.store.hold = false;
    stage.store.release();
    stage.settle();
    EXPECT_EQ(fake.answers[token].st, SARA_OK);
    EXPECT_EQ(stage.store.of("dora@t.com").size(), 1u);
}

TEST_F(Push, SaysWhatBecameOfAPacketThatCannotBeStored) {
    stage.store.append_status = Status::kIo;
    FakeCommands::Answer answer = fake.answers[push(R"({"to":"dora@t.com"})")];
    EXPECT_EQ(answer.st, SARA_E_IO);
    EXPECT_EQ(answer.json, R"({"reason":"store_error"})");
    stage.store.append_status = Status::kFull;
    answer = fake.answers[push(R"({"to":"dora@t.com"})")];
    EXPECT_EQ(answer.st, SARA_E_FULL);
    EXPECT_EQ(answer.json, R"({"reason":"backlog_full"})");
}

TEST_F(Push, MayBeOfTheTypesThatOnlyServersSend) {
    push(R"({"to":")" + bob.jid() +
         R"(","type":4,"ack":0,"entity":{"result":"sys_notify","reason":"hello"}})");
    EXPECT_THAT(bob.next(), HasSubstr(R"("type":4,"ct")"));
    push(R"({"to":")" + bob.jid() +
         R"(","type":7,"from":"news@t.com","pubsub":{"items":[{"id":"1"}]}})");
    EXPECT_THAT(bob.next(), HasSubstr(R"("pubsub":{"items":[{"id":"1"}]})"));
    EXPECT_EQ(fake.answers.size(), 1u);  // the first asked for no ack: with him is safe
}

TEST_F(Push, ReachesEveryMemberOfAGroup) {
    stage.callback.groups["g1@t.com"] = {bob.bare().substr(0, bob.bare().find('@')), "dora"};
    const sara_id token = push(R"({"gid":"g1","domain":"t.com","from":"carl@t.com","payload":{}})");
    const std::string frame = bob.next();
    EXPECT_THAT(frame, HasSubstr(R"("from":"carl@t.com")"));
    EXPECT_THAT(frame, HasSubstr(R"("type":2)"));
    EXPECT_THAT(frame, HasSubstr(R"("gid":"g1")"));
    EXPECT_THAT(frame, HasSubstr(R"("to":")" + bob.bare() + '"'));
    EXPECT_THAT(fake.answers, IsEmpty());
    bob.ack(chat::test::wordsOf(frame)[0]);
    EXPECT_EQ(fake.answers[token].st, SARA_OK);
    EXPECT_EQ(fake.answers[token].json, "");
    const FakeCommands::Answer none = fake.answers[push(R"({"gid":"g2","domain":"t.com"})")];
    EXPECT_EQ(none.st, SARA_E_NOTFOUND);
    EXPECT_EQ(none.json, R"({"reason":"group_notfound"})");
}

TEST_F(Push, RefusesParametersThatAreNotWhatTheyMustBe) {
    const std::string bad_to = R"({"reason":"to_invalid"})";
    for (const char* params : {"", "[]", "{}", "7", R"({"to":5})", R"({"to":"nobody"})",
                               R"({"to":"a@b","to")", R"({"to":"a@b"} {)"}) {
        EXPECT_EQ(refusal(params), bad_to) << params;
    }
    EXPECT_EQ(refusal(R"({"to":"a@b","gid":"g","domain":"t.com"})"), bad_to);
    EXPECT_EQ(refusal(R"({"gid":"g"})"), R"({"reason":"domain_invalid"})");
    EXPECT_EQ(refusal(R"({"gid":"g","domain":"a@b"})"), R"({"reason":"domain_invalid"})");
    EXPECT_EQ(refusal(R"({"gid":"a\u0001","domain":"t.com"})"), R"({"reason":"gid_invalid"})");
    EXPECT_EQ(refusal(R"({"to":"a@b","type":0})"), R"({"reason":"type_invalid"})");
    EXPECT_EQ(refusal(R"({"to":"a@b","type":-1})"), R"({"reason":"type_invalid"})");
    EXPECT_EQ(refusal(R"({"to":"a@b","ack":2})"), R"({"reason":"ack_invalid"})");
    EXPECT_EQ(refusal(R"({"to":"a@b","from":"a b"})"), R"({"reason":"from_invalid"})");
    EXPECT_EQ(refusal("{\"to\":\"a@b\",\"payload\":\"\xff\"}"), R"({"reason":"payload_invalid"})");
    EXPECT_EQ(refusal(R"({"to":"a@b","payload":")" + std::string(1 << 20, 'x') + R"("})"),
              R"({"reason":"payload_invalid"})");
}

}  // namespace
}  // namespace sara::bus
