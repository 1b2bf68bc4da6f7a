// The in-memory store of the test kit keeps the store contract, and misbehaves only when it is told
// to.
#include "testkit/store/memory_store.h"

#include <gtest/gtest.h>

#include "testkit/store/store_contract.h"

namespace sara::testkit {
namespace {

class MemoryStoreUnderTest : public StoreUnderTest {
  public:
    explicit MemoryStoreUnderTest(uint32_t loops)
        : host_({.loops = loops}), store_(host_.table(), backlogMessagesMax()) {}
    FakeHost& host() override { return host_; }
    const sara_store* api() override { return MemoryStore::table(); }
    void* self() override { return &store_; }
    void stop() override {
        store_.close();
        host_.settle();
    }
    void restart(uint64_t) override { FAIL() << "memory forgets"; }
    uint64_t backlogMessagesMax() const override { return 1000; }

  private:
    FakeHost host_;
    MemoryStore store_;
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         ::testing::Values(StoreFactory{
                             "memory", [](uint32_t loops) {
                                 return std::make_unique<MemoryStoreUnderTest>(loops);
                             }}));

struct MemoryStoreTest : ::testing::Test {
    FakeHost host;
    MemoryStore store{host.table()};
    StoreClient client{host, MemoryStore::table(), &store};
};

TEST_F(MemoryStoreTest, FailsAsManyAppendsAsItIsTold) {
    store.failAppends(2, SARA_E_FULL);
    EXPECT_EQ(client.append("bob@demo", "a", "{}").status, SARA_E_FULL);
    EXPECT_EQ(client.append("bob@demo", "b", "{}").status, SARA_E_FULL);
    EXPECT_EQ(client.append("bob@demo", "c", "{}").status, SARA_OK);
    EXPECT_EQ(store.waiting("bob@demo"), 1u);
}

TEST_F(MemoryStoreTest, HoldsCompletionsUntilTheyAreReleased) {
    store.hold();
    StoreClient::Answer a, b;
    host.loop().run([&] {
        a = client.startAppend("bob@demo", "a", "{}");
        b = client.startAppend("bob@demo", "b", "{}");
    });
    host.settle();
    EXPECT_EQ(a->completions + b->completions, 0);
    store.release(1);
    host.settle();
    EXPECT_EQ(a->completions, 1);
    EXPECT_EQ(b->completions, 0);
    store.release();
    host.settle();
    EXPECT_EQ(b->completions, 1);
    EXPECT_EQ(client.append("bob@demo", "c", "{}").status, SARA_OK);
}

TEST_F(MemoryStoreTest, ReordersUsersButNeverOneUsersAnswers) {
    store.hold();
    store.reorderUsers(true);
    StoreClient::Answer a1, b1, a2;
    host.loop().run([&] {
        a1 = client.startAppend("amy@demo", "1", "{}");
        b1 = client.startAppend("bob@demo", "1", "{}");
        a2 = client.startAppend("amy@demo", "2", "{}");
    });
    store.release();
    host.settle();
    EXPECT_LT(b1->place, a1->place);
    EXPECT_LT(a1->place, a2->place);
}

}  // namespace
}  // namespace sara::testkit
