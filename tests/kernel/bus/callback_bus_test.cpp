// The adapter between the chat room and whatever plugin provides "sara.callback/1".
#include "bus/callback_bus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "loop/clock.h"

namespace sara::bus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A provider that keeps the questions; the test answers them, as often as it likes.
struct KeptQuestions {
    struct Question {
        std::string gid, domain;
        sara_members_done done;
        void* user;
    };
    std::vector<Question> questions;
    std::vector<std::string> offline_users;

    static void members(void* self, sara_str gid, sara_str domain, sara_members_done done,
                        void* user) SARA_NOEXCEPT {
        static_cast<KeptQuestions*>(self)->questions.push_back(
            {{gid.ptr, gid.len}, {domain.ptr, domain.len}, done, user});
    }
    static void offline(void* self, sara_str user, sara_buf*, uint64_t) SARA_NOEXCEPT {
        static_cast<KeptQuestions*>(self)->offline_users.emplace_back(user.ptr, user.len);
    }
    void answer(size_t i, sara_status st, const std::string& name = "") {
        const sara_str names[] = {{name.data(), name.size()}};
        questions.at(i).done(questions.at(i).user, st, names, name.empty() ? 0 : 1);
    }
};

class CallbackBusTest : public testing::Test {
  protected:
    struct Asker {
        std::vector<std::string> heard;
        static void done(void* self, Status st, std::span<const std::string_view> users) noexcept {
            std::string text = st == Status::kOk ? "ok" : "failed";
            for (const std::string_view user : users) text.append(" ").append(user);
            static_cast<Asker*>(self)->heard.push_back(text);
        }
    };
    void ask(Asker& asker, const std::string& gid = "g1") {
        auto job = [&] { bus.members(gid, "t.com", Asker::done, &asker); };
        loops.at(0).enter([](void* f, uint32_t) { (*static_cast<decltype(job)*>(f))(); }, &job);
    }

    loop::ManualClock clock;
    loop::LoopSet loops{1, clock, {}};
    KeptQuestions provider;
    sara_callback table{sizeof table, 0, KeptQuestions::members, KeptQuestions::offline};
    sara_service service = [this] {
        sara_service s{};
        s.api = &table;
        s.self = &provider;
        return s;
    }();
    CallbackBus bus{loops, &service};
};

TEST_F(CallbackBusTest, CarriesTheQuestionThereAndTheNamesBack) {
    Asker asker;
    ask(asker, "g7");
    ASSERT_EQ(provider.questions.size(), 1u);
    EXPECT_EQ(provider.questions[0].gid, "g7");
    EXPECT_EQ(provider.questions[0].domain, "t.com");
    EXPECT_THAT(asker.heard, IsEmpty());
    provider.answer(0, SARA_OK, "bob");
    EXPECT_THAT(asker.heard, ElementsAre("ok bob"));
}

TEST_F(CallbackBusTest, ASecondAnswerTouchesNobody) {
    Asker first, second;
    ask(first);
    provider.answer(0, SARA_E_NOTFOUND);
    provider.answer(0, SARA_OK, "bob");
    EXPECT_THAT(first.heard, ElementsAre("failed"));
    // Nor a later question, though records are used again.
    for (int i = 1; i <= 200; ++i) {
        ask(second);
        provider.answer(0, SARA_OK, "nobody");
        EXPECT_THAT(second.heard, IsEmpty());
        provider.answer(static_cast<size_t>(i), SARA_OK, "bob");
        EXPECT_THAT(second.heard, ElementsAre("ok bob"));
        second.heard.clear();
    }
    EXPECT_THAT(first.heard, ElementsAre("failed"));
}

TEST_F(CallbackBusTest, AnswersInAnotherOrderFindTheirOwnQuestions) {
    Asker a, b;
    ask(a);
    ask(b);
    provider.answer(1, SARA_OK, "for-b");
    provider.answer(0, SARA_OK, "for-a");
    EXPECT_THAT(a.heard, ElementsAre("ok for-a"));
    EXPECT_THAT(b.heard, ElementsAre("ok for-b"));
}

TEST_F(CallbackBusTest, NamesOfAFailedAnswerAreNotRead) {
    Asker asker;
    ask(asker);
    provider.questions[0].done(provider.questions[0].user, SARA_E_IO, nullptr, 7);
    EXPECT_THAT(asker.heard, ElementsAre("failed"));
}

TEST_F(CallbackBusTest, WithoutAProviderTheAnswerIsNo) {
    service.api = nullptr;
    Asker asker;
    ask(asker);
    EXPECT_THAT(asker.heard, ElementsAre("failed"));
}

}  // namespace
}  // namespace sara::bus
