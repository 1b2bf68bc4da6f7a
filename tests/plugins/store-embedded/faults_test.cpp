// What the store says and keeps when the disk under it breaks.
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "faulty_env.h"
#include "room_plugin.h"
#include "store_fixture.h"

namespace sara::store_embedded {
namespace {

using std::chrono::milliseconds;
using testkit::StoreClient;
using testkit::StoredPacket;

struct StoreOnABrokenDisk : ::testing::Test {
    FaultyEnv& disk = FaultyEnv::instance();
    TempFolder folder;
    std::unique_ptr<RunningStore> store;

    void SetUp() override { begin(); }
    void TearDown() override {
        disk.heal();
        store.reset();
    }
    void begin(const std::string& config = {}) {
        store.reset();
        store = std::make_unique<RunningStore>(roomPlugin(), folder.datadir(), config);
        ASSERT_EQ(store->start(), SARA_OK) << store->host().error();
    }
    StoreClient& client() { return store->client(); }
    sara_status append(const std::string& id) {
        return client().append("bob@demo", id, "body of " + id).status;
    }
    std::vector<std::string> ids() {
        std::vector<std::string> all;
        for (const StoredPacket& p : client().fetchAll("bob@demo")) {
            EXPECT_EQ(p.packet, "body of " + p.id);
            all.push_back(p.id);
        }
        return all;
    }
    bool recovers(milliseconds within = milliseconds(1000)) {
        return store->host().runUntil([&] { return store->health() == SARA_OK; }, within);
    }
};

using Ids = std::vector<std::string>;

TEST_F(StoreOnABrokenDisk, AFullDiskIsToldAndServedFromAndLeftWithinASecondOfSpace) {
    ASSERT_EQ(append("before"), SARA_OK);
    disk.fillDisk();
    EXPECT_EQ(append("lost1"), SARA_E_FULL);
    EXPECT_EQ(append("lost2"), SARA_E_FULL);
    EXPECT_EQ(store->health(), SARA_E_FULL);
    EXPECT_EQ(ids(), (Ids{"before"})) << "reading goes on";
    EXPECT_GE(store->host().metric("store_errors_total"), 1);
    EXPECT_TRUE(store->host().logged("No space left"));
    disk.heal();
    EXPECT_TRUE(recovers());
    EXPECT_EQ(append("after"), SARA_OK);
    const Ids all = ids();
    EXPECT_EQ(all.front(), "before");
    EXPECT_EQ(all.back(), "after");
    EXPECT_TRUE(store->host().logged("works again"));
}

TEST_F(StoreOnABrokenDisk, AFailedSyncIsNeverReportedAsStored) {
    ASSERT_EQ(append("before"), SARA_OK);
    disk.failSyncs(1);
    std::vector<StoreClient::Answer> answers;
    store->host().loop().run([&] {
        for (int i = 0; i < 50; ++i) {
            answers.push_back(client().startAppend("bob@demo", "f" + std::to_string(i), "x"));
        }
    });
    ASSERT_TRUE(client().wait(answers));
    for (const auto& answer : answers) EXPECT_EQ(answer->status, SARA_E_IO);
    EXPECT_TRUE(recovers());
    ASSERT_EQ(append("after"), SARA_OK);
    const auto all = client().fetchAll("bob@demo");
    EXPECT_EQ(all.front().id, "before");
    EXPECT_EQ(all.back().id, "after");
}

TEST_F(StoreOnABrokenDisk, FailingAtAnyStepLosesNothingThatWasConfirmed) {
    Ids confirmed;
    int failures = 0;
    for (int64_t step = 1; step <= 60; ++step) {
        disk.heal();
        ASSERT_TRUE(recovers(milliseconds(3000))) << "step " << step;
        disk.failStep(step);
        for (int i = 0; i < 12; ++i) {
            const std::string id = std::to_string(step) + "-" + std::to_string(i);
            if (append(id) == SARA_OK) confirmed.push_back(id);
            if (disk.stepFailed()) ++failures;
        }
    }
    EXPECT_GT(failures, 0);
    disk.heal();
    ASSERT_TRUE(recovers(milliseconds(3000)));
    const auto check = [&] {
        const Ids all = ids();
        size_t at = 0;
        for (const auto& id : all) {
            if (at < confirmed.size() && confirmed[at] == id) ++at;
        }
        EXPECT_EQ(at, confirmed.size()) << "every confirmed packet is there, in order";
    };
    check();
    begin();
    check();
}

TEST_F(StoreOnABrokenDisk, APowerCutKeepsEveryConfirmedPacketInOrder) {
    std::mt19937 random(7);
    size_t sure_total = 0;
    for (int round = 0; round < 20; ++round) {
        begin(R"("write_buffer_bytes": 65536)");
        std::vector<StoreClient::Answer> answers;
        Ids ids_sent;
        const int enough = 20 + static_cast<int>(random() % 400);
        const auto confirmed = [&] {
            size_t n = 0;
            while (n < answers.size() && answers[n]->completions > 0) ++n;
            return n;
        };
        for (int i = 0; i < enough; i += 20) {
            store->host().loop().run([&] {
                for (int k = i; k < i + 20; ++k) {
                    ids_sent.push_back(std::to_string(round) + "-" + std::to_string(k));
                    answers.push_back(client().startAppend("bob@demo", ids_sent.back(),
                                                           "body of " + ids_sent.back()));
                }
            });
            store->host().turn();
        }
        // Half of it is surely on the disk, the rest is somewhere under way.
        ASSERT_TRUE(client().wait({answers.begin(), answers.begin() + enough / 2}));
        const size_t sure = confirmed();
        sure_total += sure;
        const std::string image = folder.path() + "/image" + std::to_string(round);
        disk.powerCut(folder.datadir() + "/queue", image + "/queue", random);
        store->stop();
        std::filesystem::remove_all(folder.datadir());
        std::filesystem::rename(image, folder.datadir());
        begin();
        const Ids all = ids();
        size_t at = 0;
        for (const auto& id : all) {
            if (at < sure && ids_sent[at] == id) ++at;
        }
        ASSERT_EQ(at, sure) << "round " << round;
        store->stop();
        std::filesystem::remove_all(folder.datadir());
    }
    EXPECT_GT(sure_total, 1000u) << "most rounds must have had something to lose";
}

TEST_F(StoreOnABrokenDisk, AHangingDiskStopsNoLoopAndTurnsTheStoreUnhealthy) {
    disk.hang();
    StoreClient::Answer answer;
    store->host().loop().run([&] { answer = client().startAppend("bob@demo", "a", "body of a"); });
    EXPECT_TRUE(store->host().runUntil([&] { return store->health() == SARA_E_TIMEOUT; },
                                       milliseconds(5000)));
    EXPECT_EQ(answer->completions, 0) << "nobody knows yet";
    disk.release();
    EXPECT_TRUE(client().wait({answer}));
    EXPECT_EQ(answer->status, SARA_OK);
    EXPECT_EQ(store->health(), SARA_OK);
}

TEST_F(StoreOnABrokenDisk, AFullQueueRefusesAtOnceAndTakesAgainLater) {
    begin(R"("queue_operations_max": 16)");
    disk.hang();
    StoreClient::Answer first;
    store->host().loop().run([&] { first = client().startAppend("bob@demo", "first", "x"); });
    ASSERT_TRUE(store->host().runUntil([&] { return disk.hanging(); }));
    std::vector<StoreClient::Answer> answers;
    store->host().loop().run([&] {
        for (int i = 0; i < 40; ++i) {
            answers.push_back(client().startAppend("bob@demo", std::to_string(i), "x"));
        }
    });
    ASSERT_TRUE(client().wait({answers.begin() + 16, answers.end()}));
    for (size_t i = 16; i < answers.size(); ++i) EXPECT_EQ(answers[i]->status, SARA_E_AGAIN);
    disk.release();
    ASSERT_TRUE(client().wait(answers));
    for (size_t i = 0; i < 16; ++i) EXPECT_EQ(answers[i]->status, SARA_OK) << i;
    EXPECT_EQ(append("after"), SARA_OK);
    EXPECT_EQ(store->host().metric("store_queue_operations"), 0);
}

TEST_F(StoreOnABrokenDisk, StoppingOnAHangingDiskTellsEveryCallerOnce) {
    disk.hang();
    std::vector<StoreClient::Answer> answers;
    store->host().loop().run([&] {
        for (int i = 0; i < 30; ++i) {
            answers.push_back(client().startAppend("bob@demo", std::to_string(i), "x"));
        }
    });
    ASSERT_TRUE(store->host().runUntil([&] { return disk.hanging(); }));
    std::thread operator_thread([&] {
        std::this_thread::sleep_for(milliseconds(300));  // the disk comes back behind the deadline
        disk.release();
    });
    store->plugin().stop(50);
    operator_thread.join();
    store->host().settle();
    for (const auto& answer : answers) {
        EXPECT_EQ(answer->completions, 1);
        EXPECT_EQ(answer->status, SARA_E_CLOSED);
    }
    EXPECT_EQ(store->host().buffersAlive(), 0);
}

TEST_F(StoreOnABrokenDisk, CompletionsWaitForALoopWhoseMailboxIsFull) {
    store->host().loop().refusePosts(SARA_E_AGAIN);
    std::vector<StoreClient::Answer> answers;
    store->host().loop().run([&] {
        answers.push_back(client().startAppend("bob@demo", "a", "x"));
        answers.push_back(client().startFetch(""));  // refused, completes without the writer
    });
    EXPECT_FALSE(
        store->host().runUntil([&] { return answers[0]->completions > 0; }, milliseconds(50)));
    store->host().loop().refusePosts(SARA_OK);
    ASSERT_TRUE(client().wait(answers));
    EXPECT_EQ(answers[0]->status, SARA_OK);
    EXPECT_EQ(answers[1]->status, SARA_E_INVALID);
}

TEST_F(StoreOnABrokenDisk, ARefusedCallWaitsForAFullMailboxWithoutOtherTraffic) {
    store->host().loop().refusePosts(SARA_E_AGAIN);
    StoreClient::Answer answer;
    store->host().loop().run([&] { answer = client().startFetch(""); });
    store->host().loop().refusePosts(SARA_OK);
    ASSERT_TRUE(client().wait({answer}));
    EXPECT_EQ(answer->status, SARA_E_INVALID);
}

TEST_F(StoreOnABrokenDisk, AReadErrorIsAnErrorAndNotAnEmptyBacklog) {
    begin(R"("write_buffer_bytes": 65536, "page_bytes_max": 1024)");
    for (int i = 0; i < 100; ++i) ASSERT_EQ(append(std::to_string(i)), SARA_OK);
    begin(R"("tail_users_max": 16, "cache_bytes": 65536)");  // reopening made a table of the log
    disk.failReads(true);
    const auto found = client().fetch("bob@demo");
    EXPECT_EQ(found.status, SARA_E_IO);
    EXPECT_TRUE(found.packets.empty());
    disk.failReads(false);
    EXPECT_EQ(ids().size(), 100u);
}

}  // namespace
}  // namespace sara::store_embedded
