// Notices on disk.
#include "auth-callback/outbox_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "kit/temp_folder.h"

namespace sara::auth_callback {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutboxStoreTest : public ::testing::Test {
  protected:
    std::string open(OutboxStore* store) {
        remark_.clear();
        return store->open(folder_.file("data"), &remark_);
    }
    static std::vector<StoredNotice> all(OutboxStore* store) {
        std::vector<StoredNotice> found;
        EXPECT_TRUE(store->each([&](const StoredNotice& n) { found.push_back(n); }));
        return found;
    }

    wire::TempFolder folder_;
    std::string remark_;
};

TEST_F(OutboxStoreTest, GivesBackWhatItTookInOrder) {
    {
        OutboxStore store;
        ASSERT_THAT(open(&store), IsEmpty());
        std::vector<StoredNotice> notices;
        for (uint64_t seq = 1; seq <= 300; ++seq) {
            notices.push_back({seq, 1000 + seq, "bob@t.com", "body" + std::to_string(seq)});
        }
        ASSERT_TRUE(store.put(notices));
        ASSERT_TRUE(store.erase({1, 2, 300}));
    }
    OutboxStore again;
    ASSERT_THAT(open(&again), IsEmpty());
    const auto found = all(&again);
    ASSERT_EQ(found.size(), 297u);
    EXPECT_EQ(found[0].seq, 3u);
    EXPECT_EQ(found[0].created_ms, 1003u);
    EXPECT_EQ(found[0].recipient, "bob@t.com");
    EXPECT_EQ(found[0].body, "body3");
    EXPECT_EQ(found.back().seq, 299u);
    std::string body;
    EXPECT_EQ(again.body(299, &body), Status::kOk);
    EXPECT_EQ(body, "body299");
    EXPECT_EQ(again.body(300, &body), Status::kNotFound);
    EXPECT_THAT(again.error(), HasSubstr("NotFound"));
}

TEST_F(OutboxStoreTest, DamagedDatabaseIsRepairedOrPutAsideAndTheServerStarts) {
    {
        OutboxStore store;
        ASSERT_THAT(open(&store), IsEmpty());
        ASSERT_TRUE(store.put({{1, 1, "bob@t.com", "body"}}));
    }
    for (const auto& file : std::filesystem::directory_iterator(folder_.file("data/outbox"))) {
        if (file.path().filename().string().rfind("MANIFEST", 0) == 0) {
            std::ofstream(file.path(), std::ios::trunc) << "nonsense";
        }
    }
    OutboxStore again;
    ASSERT_THAT(open(&again), IsEmpty());
    EXPECT_THAT(remark_, HasSubstr("damaged"));
    EXPECT_EQ(all(&again).size(), 1u);
    EXPECT_TRUE(again.put({{2, 1, "bob@t.com", "body"}}));
}

TEST_F(OutboxStoreTest, WritesAgainWhenTheDiskDoes) {
    OutboxStore store;
    ASSERT_THAT(open(&store), IsEmpty());
    ASSERT_TRUE(store.put({{1, 1, "bob@t.com", "body"}}));
    // Nothing can be written into a file that has reached the limit of its process.
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 256;
    const auto on_limit = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const bool written = store.put({{2, 1, "bob@t.com", std::string(10'000, 'x')}});
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, on_limit);
    EXPECT_FALSE(written);
    EXPECT_THAT(store.error(), HasSubstr("outbox"));
    EXPECT_TRUE(store.put({{3, 1, "bob@t.com", "body"}}));
    const auto found = all(&store);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].seq, 1u);
    EXPECT_EQ(found[1].seq, 3u);
}

TEST_F(OutboxStoreTest, FolderOfAnotherProcessIsRefusedWithASentence) {
    OutboxStore first;
    ASSERT_THAT(open(&first), IsEmpty());
    OutboxStore second;
    EXPECT_THAT(open(&second), HasSubstr("outbox cannot be opened"));
}

TEST_F(OutboxStoreTest, MissingParentIsSaidInWords) {
    OutboxStore store;
    EXPECT_THAT(store.open(folder_.file("no/such/folder"), &remark_),
                HasSubstr("cannot be created"));
}

}  // namespace
}  // namespace sara::auth_callback
