// Damaged files: the store opens with what can be trusted, or says why not; it never serves
// anything else.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "room_plugin.h"
#include "store-embedded/record.h"
#include "store_fixture.h"

namespace sara::store_embedded {
namespace {

namespace fs = std::filesystem;
using Users = std::map<std::string, std::vector<testkit::StoredPacket>>;

struct DamagedStore : ::testing::Test {
    TempFolder folder;
    Users original;

    std::string good() const { return folder.path() + "/good"; }

    // Several tables and a log with 600 packets of five users.
    void SetUp() override {
        for (int part = 0; part < 3; ++part) {
            RunningStore store(roomPlugin(), good(), R"("write_buffer_bytes": 65536)");
            ASSERT_EQ(store.start(), SARA_OK);
            for (int i = 0; i < 200; ++i) {
                const std::string id = std::to_string(part) + "-" + std::to_string(i);
                const std::string user = "user" + std::to_string(i % 5) + "@demo";
                std::string body = "body of " + id;
                for (int k = 0; k < 200; ++k) body.push_back(static_cast<char>('a' + (i * k) % 26));
                const auto kept = store.client().append(user, id, body);
                ASSERT_EQ(kept.status, SARA_OK);
                original[user].push_back({kept.seq, id, "sender@demo", body});
            }
        }
    }

    // Opens a damaged copy. Everything served must be an original packet of that user, in order.
    // Returns how many there were, or -1 when the store refused to start.
    int serve(const std::string& datadir, std::string* log = nullptr) {
        RunningStore store(roomPlugin(), datadir);
        // A restart takes time: after a loss of everything the clock is all that keeps places
        // rising.
        store.host().clock().advance(60'000);
        if (store.start() != SARA_OK) {
            EXPECT_NE(store.host().error(), "");
            return -1;
        }
        int served = 0;
        for (const auto& [user, packets] : original) {
            size_t at = 0;
            for (const auto& p : store.client().fetchAll(user, 50)) {
                while (at < packets.size() && packets[at].seq != p.seq) ++at;
                EXPECT_LT(at, packets.size()) << "not an original place, or out of order";
                if (at == packets.size()) break;
                EXPECT_EQ(p, packets[at]);
                ++served;
            }
        }
        const auto kept = store.client().append("user0@demo", "new", "{}");
        if (kept.status == SARA_OK) {
            for (const auto& p : original["user0@demo"]) EXPECT_GT(kept.seq, p.seq);
        }
        if (log != nullptr) {
            for (const auto& line : store.host().log()) *log += line.text + "\n";
        }
        return served;
    }

    std::string copy() {
        const std::string to = folder.path() + "/copy";
        fs::remove_all(to);
        fs::copy(good(), to, fs::copy_options::recursive);
        return to;
    }

    static std::vector<fs::path> files(const std::string& datadir) {
        std::vector<fs::path> all;
        for (const auto& entry : fs::directory_iterator(datadir + "/queue")) {
            const std::string name = entry.path().filename();
            if (name != "LOCK" && !name.starts_with("LOG") && entry.file_size() > 0) {
                all.push_back(entry.path());
            }
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    static void damage(const fs::path& file, std::mt19937& random) {
        std::string bytes;
        {
            std::ifstream in(file, std::ios::binary);
            bytes.assign(std::istreambuf_iterator<char>(in), {});
        }
        switch (random() % 3) {
            case 0:
                bytes.resize(random() % bytes.size());
                break;
            case 1:
                for (int i = 0; i < 3; ++i)
                    bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
                break;
            default:
                for (size_t at = random() % bytes.size(), n = 0; n < 512 && at < bytes.size();
                     ++n, ++at)
                    bytes[at] = 0;
        }
        std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    }
};

TEST_F(DamagedStore, ServesAllWhenNothingIsDamaged) { EXPECT_EQ(serve(copy()), 600); }

TEST_F(DamagedStore, RandomDamageIsHealedOrToldAndNeverServed) {
    std::mt19937 random(3);
    int opened = 0;
    long served = 0;
    for (int round = 0; round < 80; ++round) {
        const std::string datadir = copy();
        const auto all = files(datadir);
        damage(all[random() % all.size()], random);
        const int n = serve(datadir);
        if (n >= 0) {
            ++opened;
            served += n;
        }
        if (HasFailure()) FAIL() << "round " << round;
    }
    EXPECT_GE(opened, 72) << "most damage is survived";
    EXPECT_GT(served / opened, 300) << "and most packets with it";
}

TEST_F(DamagedStore, ALostCurrentFileDoesNotStartAnEmptyDatabase) {
    const std::string datadir = copy();
    fs::remove(datadir + "/queue/CURRENT");
    std::string log;
    EXPECT_EQ(serve(datadir, &log), 600);
    EXPECT_NE(log.find("database is damaged"), std::string::npos) << log;
    EXPECT_TRUE(fs::exists(datadir + "/queue.damaged-1")) << "the evidence is kept";
}

TEST_F(DamagedStore, TooManyDamagedCopiesStopTheServer) {
    const std::string datadir = copy();
    for (int i = 1; i <= 8; ++i) {
        fs::create_directory(datadir + "/queue.damaged-" + std::to_string(i));
    }
    fs::remove(datadir + "/queue/CURRENT");
    RunningStore store(roomPlugin(), datadir);
    EXPECT_EQ(store.start(), SARA_E_IO);
    EXPECT_NE(store.host().error().find("look at the disk"), std::string::npos)
        << store.host().error();
}

TEST_F(DamagedStore, ADamagedRecordIsSkippedCountedAndDeleted) {
    const std::string datadir = copy();
    leveldb::DB* raw = nullptr;
    ASSERT_TRUE(leveldb::DB::Open({}, datadir + "/queue", &raw).ok());
    const auto& victim = original["user1@demo"][3];
    std::string key, value;
    queueKey("user1@demo", victim.seq, &key);
    ASSERT_TRUE(raw->Get({}, key, &value).ok());
    value[value.size() / 2] ^= 1;
    ASSERT_TRUE(raw->Put({}, key, value).ok());
    delete raw;
    RunningStore store(roomPlugin(), datadir);
    ASSERT_EQ(store.start(), SARA_OK);
    const size_t all = original["user1@demo"].size();
    EXPECT_EQ(store.client().fetchAll("user1@demo").size(), all - 1);
    EXPECT_EQ(store.host().metric("store_corrupt_total"), 1);
    EXPECT_TRUE(store.host().logged("damaged packet was skipped"));
    EXPECT_EQ(store.client().fetchAll("user1@demo").size(), all - 1);
    EXPECT_EQ(store.host().metric("store_corrupt_total"), 1) << "counted once";
}

}  // namespace
}  // namespace sara::store_embedded
