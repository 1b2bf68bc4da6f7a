// Offline notices: durable, at least once, in order.
#include <gmock/gmock.h>

#include <set>

#include "callback_rig.h"

namespace sara::auth_callback {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::BackendMode;

const std::string kOffline =
    R"(,"enable_offline_callback":true,"outbox_retry_ms":20,"breaker_open_ms":20)";

class CallbackOutboxTest : public CallbackRig {
  protected:
    static std::string packet(int number) {
        return R"({"envelope":{"id":")" + std::to_string(number) +
               R"("},"payload":{"content":"<hi>"},"vsn":"0.0.1"})";
    }
    std::vector<std::string> idsAt(const std::string& method = "offline") {
        std::vector<std::string> ids;
        for (const auto& request : backend().requests(method)) {
            const size_t begin = request.json.find(R"("id":")") + 6;
            ids.push_back(request.json.substr(begin, request.json.find('"', begin) - begin));
        }
        return ids;
    }
    bool allDelivered() {
        return wire::waitUntil([&] { return host().metric("callback_outbox_notices") == 0; });
    }
};

TEST_F(CallbackOutboxTest, NoticeIsThePacketWithItsTotal) {
    useBackend();
    ASSERT_TRUE(start(kOffline));
    notice("bob@t.com", packet(1), 5);
    ASSERT_TRUE(backend().waitRequests(1));
    const auto request = backend().requests().at(0);
    EXPECT_EQ(request.service, "user_message");
    EXPECT_EQ(
        request.json,
        R"({"sn":")" + request.sn +
            R"(","service":"user_message","method":"offline","params":{"envelope":{"id":"1"},)"
            R"("payload":{"content":"\u003chi\u003e"},"total":5,"vsn":"0.0.1"}})");
    EXPECT_TRUE(allDelivered());
    EXPECT_EQ(host().metric("callback_outbox_bytes"), 0);
}

TEST_F(CallbackOutboxTest, WithoutTheKeyNobodyIsTold) {
    useBackend();
    ASSERT_TRUE(start());
    notice("bob@t.com", packet(1));
    EXPECT_EQ(login(), SARA_OK);
    EXPECT_EQ(backend().requests("offline").size(), 0u);
}

TEST_F(CallbackOutboxTest, DeadBackendGetsEveryNoticeInOrderWhenItIsBack) {
    useBackend(BackendMode::kError);
    ASSERT_TRUE(start(kOffline + R"(,"breaker_failures":2)"));
    for (int i = 1; i <= 50; ++i) notice("bob@t.com", packet(i));
    ASSERT_TRUE(backend().waitRequests(3));
    EXPECT_EQ(host().metric("callback_notices_delivered_total"), 0);
    const size_t before = backend().requests().size();
    backend().mode(BackendMode::kGood);
    ASSERT_TRUE(allDelivered());
    // While the mode changed one answer may have been either; the last of each id is the good one.
    std::vector<int> order;
    std::set<std::string> seen;
    for (const std::string& id : idsAt()) {
        if (seen.insert(id).second) order.push_back(std::stoi(id));
    }
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_EQ(order.size(), 50u);
    EXPECT_GE(backend().requests().size(), before + 49);
    EXPECT_EQ(host().metric("callback_notices_delivered_total"), 50);
}

TEST_F(CallbackOutboxTest, SerialNumberStaysTheSameOverRetriesAndRestarts) {
    useBackend(BackendMode::kError);
    ASSERT_TRUE(start(kOffline));
    notice("bob@t.com", packet(1));
    ASSERT_TRUE(backend().waitRequests(3));
    ASSERT_TRUE(start(kOffline));
    const size_t before = backend().requests().size();
    ASSERT_TRUE(backend().waitRequests(before + 2));
    backend().mode(BackendMode::kGood);
    ASSERT_TRUE(allDelivered());
    std::set<std::string> serials;
    for (const auto& request : backend().requests()) serials.insert(request.sn);
    EXPECT_EQ(serials.size(), 1u);
}

TEST_F(CallbackOutboxTest, NoticesWaitOverARestart) {
    useBackend(BackendMode::kRefuse);
    ASSERT_TRUE(start(kOffline));
    for (int i = 1; i <= 20; ++i) notice(i % 2 == 0 ? "bob@t.com" : "eve@t.com", packet(i));
    stop();
    useBackend();
    ASSERT_TRUE(start(kOffline));
    EXPECT_TRUE(host().logged("20 notices wait"));
    ASSERT_TRUE(allDelivered());
    const auto ids = idsAt();
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 20u);
    ASSERT_TRUE(start(kOffline));
    EXPECT_EQ(host().metric("callback_outbox_notices"), 0);
}

TEST_F(CallbackOutboxTest, OneRecipientsNoticesNeverOvertakeEachOther) {
    useBackend(BackendMode::kErrorThenGood);
    ASSERT_TRUE(start(kOffline));
    for (int i = 1; i <= 60; ++i) notice("u" + std::to_string(i % 3) + "@t.com", packet(i));
    ASSERT_TRUE(allDelivered());
    int last[3] = {0, 0, 0};
    for (const std::string& id : idsAt()) {
        const int number = std::stoi(id);
        EXPECT_GE(number, last[number % 3]);
        last[number % 3] = std::max(last[number % 3], number);
    }
}

TEST_F(CallbackOutboxTest, WhatTheBackendSaysWithItsStatus200DoesNotMatter) {
    for (const BackendMode mode : {BackendMode::kHtml, BackendMode::kTextTrue,
                                   BackendMode::kEndlessBody, BackendMode::kResetAfterHeaders}) {
        useBackend(mode);
        ASSERT_TRUE(start(kOffline));
        notice("bob@t.com", packet(1));
        EXPECT_TRUE(allDelivered()) << static_cast<int>(mode);
        EXPECT_EQ(backend().requests().size(), 1u) << static_cast<int>(mode);
    }
}

TEST_F(CallbackOutboxTest, FullOutboxDropsTheNewestAndSaysSo) {
    useBackend(BackendMode::kRefuse);
    ASSERT_TRUE(start(kOffline + R"(,"outbox_notices_max":10)"));
    for (int i = 1; i <= 25; ++i) notice("bob@t.com", packet(i));
    EXPECT_EQ(host().metric("callback_notices_full_total"), 15);
    EXPECT_EQ(host().metric("callback_outbox_notices"), 10);
    EXPECT_TRUE(host().logged("outbox is full"));
    stop();
    useBackend();
    ASSERT_TRUE(start(kOffline));
    ASSERT_TRUE(allDelivered());
    EXPECT_THAT(idsAt(), ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"));
}

TEST_F(CallbackOutboxTest, BytesAreBoundedToo) {
    useBackend(BackendMode::kRefuse);
    ASSERT_TRUE(start(kOffline + R"(,"outbox_bytes_max":5000)"));
    const std::string big = R"({"payload":{"content":")" + std::string(2000, 'x') + R"("}})";
    for (int i = 0; i < 10; ++i) notice("bob@t.com", big);
    EXPECT_EQ(host().metric("callback_notices_full_total"), 8);
    EXPECT_LE(host().metric("callback_outbox_bytes"), 5000);
}

TEST_F(CallbackOutboxTest, NoticeThatNobodyTookInTimeIsGivenUp) {
    useBackend(BackendMode::kError);
    ASSERT_TRUE(start(kOffline + R"(,"outbox_age_s":1)"));
    notice("bob@t.com", packet(1));
    EXPECT_TRUE(allDelivered());
    EXPECT_EQ(host().metric("callback_notices_expired_total"), 1);
    EXPECT_TRUE(host().logged("given up"));
}

TEST_F(CallbackOutboxTest, LoginsAreAnsweredWhileTheOutboxIsBusy) {
    useBackend();
    backend().answer([](const wire::BackendRequest&) { return R"({"success":true})"; });
    ASSERT_TRUE(start(kOffline + R"(,"timeout_ms":10000)"));
    for (int i = 1; i <= 500; ++i) notice("u" + std::to_string(i) + "@t.com", packet(i));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(login(), SARA_OK);
    EXPECT_TRUE(allDelivered());
}

TEST_F(CallbackOutboxTest, FolderThatCannotBeUsedIsRefusedAtTheStart) {
    useBackend();
    wire::writeFile(folder_.file("data"), "a file");
    EXPECT_FALSE(start(kOffline));
    EXPECT_THAT(host().error(), HasSubstr("offline notices: "));
}

}  // namespace
}  // namespace sara::auth_callback
