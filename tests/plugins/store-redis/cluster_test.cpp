// The store on a Redis Cluster that the test starts: the contract, and what a cluster does to its
// clients: slots that move, masters that change and die.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "presence_calls.h"
#include "redis_cluster.h"
#include "running_store.h"
#include "store-redis/slot.h"
#include "testkit/store/store_contract.h"

namespace sara::store_redis {
namespace {

using namespace std::chrono_literals;
using testkit::FakeHost;
using testkit::StoreClient;
using testkit::StoreContract;
using testkit::StoreFactory;
using testkit::StoreUnderTest;
using Clock = std::chrono::steady_clock;

// One for all tests of this program that break nothing.
RedisCluster& sharedCluster() {
    static RedisCluster cluster;
    return cluster;
}

class ClusterUnderTest : public StoreUnderTest {
  public:
    explicit ClusterUnderTest(uint32_t loops) : loops_(loops) {
        sharedCluster().flush();
        restart(FakeHost().clock().wallMs());
    }
    FakeHost& host() override { return store_->host(); }
    const sara_store* api() override { return store_->api(); }
    void* self() override { return store_->plugin().self(); }
    void stop() override { store_->stop(); }
    void restart(uint64_t wall_ms) override {
        store_ = std::make_unique<RunningStore>(sharedCluster().address(),
                                                R"(, "backlog_messages_max": 1000)", loops_, false);
        store_->host().clock().setWall(wall_ms);
        store_->start();
    }
    uint64_t backlogMessagesMax() const override { return 1000; }

  private:
    const uint32_t loops_;
    std::unique_ptr<RunningStore> store_;
};

INSTANTIATE_TEST_SUITE_P(RedisCluster, StoreContract,
                         ::testing::Values(StoreFactory{
                             "cluster", [](uint32_t loops) {
                                 return std::make_unique<ClusterUnderTest>(loops);
                             }}));

// Appends one packet after another for many users and keeps what was acked; the ledger is checked
// at the end.
class Ledger {
  public:
    explicit Ledger(RunningStore& store) : store_(store), client_(store.client()) {}

    // One packet for each user; answers later.
    void round() {
        store_.host().loop(0).run([&] {
            for (int u = 0; u < kUsers; ++u) {
                const std::string id = "m" + std::to_string(next_);
                pending_.push_back({user(u), id, client_.startAppend(user(u), id, "{}")});
            }
        });
        ++next_;
    }
    void runFor(std::chrono::milliseconds time) {
        const auto end = Clock::now() + time;
        while (Clock::now() < end) {
            round();
            const auto pause = std::min(end, Clock::now() + 5ms);
            store_.host().runUntil([&] { return Clock::now() >= pause; });
        }
    }
    // Everything is answered once; what was acked is there, in its order; nothing else but what was
    // refused. Gives the refused.
    uint64_t check() {
        std::vector<StoreClient::Answer> answers;
        for (const Entry& e : pending_) answers.push_back(e.answer);
        EXPECT_TRUE(client_.wait(answers));
        std::map<std::string, std::vector<std::string>> acked;
        uint64_t refused = 0;
        for (const Entry& e : pending_) {
            EXPECT_EQ(e.answer->completions, 1);
            if (e.answer->status == SARA_OK) {
                acked[e.user].push_back(e.id);
            } else {
                ++refused;
            }
        }
        for (int u = 0; u < kUsers; ++u) {
            std::vector<std::string> kept;
            for (const auto& p : client_.fetchAll(user(u))) kept.push_back(p.id);
            size_t at = 0;
            for (const std::string& id : acked[user(u)]) {
                while (at < kept.size() && kept[at] != id) ++at;
                EXPECT_LT(at, kept.size()) << user(u) << " lost or reordered " << id;
            }
        }
        return refused;
    }
    static std::string user(int u) { return "user" + std::to_string(u) + "@demo"; }
    size_t calls() const { return pending_.size(); }

    static constexpr int kUsers = 40;

  private:
    struct Entry {
        std::string user, id;
        StoreClient::Answer answer;
    };
    RunningStore& store_;
    StoreClient client_;
    std::vector<Entry> pending_;
    int next_ = 0;
};

TEST(RedisClusterStore, OneAddressIsEnoughAndUsersAreSpread) {
    RedisCluster& cluster = sharedCluster();
    cluster.flush();
    RunningStore store(cluster.address());
    store.start();
    StoreClient client = store.client();
    PresenceCalls calls(store);
    for (int u = 0; u < 50; ++u) {
        ASSERT_EQ(client.append(Ledger::user(u), "m", "{}").status, SARA_OK);
        ASSERT_EQ(calls.claim(Ledger::user(u), "sid").status, SARA_E_NOTFOUND);
        ASSERT_EQ(calls.lookup(Ledger::user(u)).sid, "sid");
    }
    size_t used = 0;
    for (size_t i = 0; i < cluster.size(); ++i) {
        used += cluster.node(i).number({"DBSIZE"}) > 0 ? 1 : 0;
    }
    EXPECT_GE(used, 3u);
}

TEST(RedisClusterStore, SlotsThatMoveUnderLoadLoseAndReorderNothing) {
    RedisCluster& cluster = sharedCluster();
    cluster.flush();
    RunningStore store(cluster.address());
    store.start();
    Ledger ledger(store);
    ledger.runFor(200ms);
    RedisServer* from = cluster.masterOf(slotOf("offline_" + Ledger::user(0) + "_idx"));
    ASSERT_NE(from, nullptr);
    RedisServer* to = cluster.masterOf(0) != from ? cluster.masterOf(0) : cluster.masterOf(16'383);
    std::atomic<bool> moved{false};
    std::atomic<bool> good{false};
    std::thread mover([&] {
        good = cluster.reshard(*from, *to, 1500);
        moved = true;
    });
    const auto deadline = Clock::now() + 60s;
    while (!moved && Clock::now() < deadline) ledger.runFor(100ms);
    mover.join();
    EXPECT_TRUE(good);
    ledger.runFor(200ms);
    EXPECT_EQ(ledger.check(), 0u) << "refused of " << ledger.calls();
    EXPECT_GT(store.host().metric("store_redirects_total"), 0);
}

TEST(RedisClusterFaults, APromotedReplicaIsFoundAndNoAckedPacketIsLost) {
    RedisCluster cluster;
    RunningStore store(cluster.address());
    store.start();
    Ledger ledger(store);
    ledger.runFor(200ms);
    RedisServer* master = cluster.masterOf(slotOf("offline_" + Ledger::user(0) + "_idx"));
    ASSERT_NE(master, nullptr);
    RedisServer* replica = cluster.replicaOf(*master);
    ASSERT_NE(replica, nullptr);
    EXPECT_EQ(replica->text({"CLUSTER", "FAILOVER"}), "OK");
    ledger.runFor(1500ms);
    EXPECT_TRUE(store.host().runUntil([&] {
        return replica->text({"INFO", "replication"}).find("role:master") != std::string::npos;
    }));
    ledger.runFor(300ms);
    ledger.check();
    EXPECT_TRUE(store.waitHealth(true, 3s));
    EXPECT_EQ(store.client().append(Ledger::user(0), "after", "{}").status, SARA_OK);
}

TEST(RedisClusterFaults, AMasterThatDiesMakesHealthRedUntilItsReplicaHasTakenOver) {
    RedisCluster cluster;
    RunningStore store(cluster.address());
    store.start();
    Ledger ledger(store);
    ledger.runFor(200ms);
    RedisServer* master = cluster.masterOf(slotOf("offline_" + Ledger::user(0) + "_idx"));
    ASSERT_NE(master, nullptr);
    master->kill();
    EXPECT_TRUE(store.waitHealth(false, 2s));
    // Users of the other masters go on meanwhile.
    int others = 0;
    for (int u = 0; u < 12; ++u) {
        others += store.client().append(Ledger::user(u), "x", "{}").status == SARA_OK ? 1 : 0;
    }
    EXPECT_GT(others, 0);
    EXPECT_TRUE(store.waitHealth(true, 20s));
    EXPECT_EQ(store.client().append(Ledger::user(0), "after", "{}").status, SARA_OK);
}

}  // namespace
}  // namespace sara::store_redis
