// The file of the lists: what a crash and damage cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "block_file.h"
#include "list_folder.h"

namespace sara::blacklist {
namespace {

using Words = std::vector<std::string>;

class BlockFileTest : public ::testing::Test {
  protected:
    // "+ owner blocked" of each change that a new reader finds.
    Words read(BlockFile::Loaded* loaded = nullptr) {
        BlockFile file(folder.file());
        Words words;
        const auto result = file.load([&](const BlockChange& c) {
            words.push_back((c.add ? "+ " : "- ") + std::string(c.owner) + " " +
                            std::string(c.blocked));
        });
        EXPECT_TRUE(result.ok()) << result.text();
        if (loaded != nullptr) *loaded = *result;
        in_doubt = file.inDoubt();
        return words;
    }
    static Result<void> append(BlockFile& file, bool add, const char* owner, const char* blocked) {
        return file.append({add, owner, blocked});
    }
    ListFolder folder;
    bool in_doubt = false;
};

TEST_F(BlockFileTest, AMissingFileIsNoListAndIsMadeWithTheFirstChange) {
    EXPECT_EQ(read(), Words());
    EXPECT_FALSE(std::filesystem::exists(folder.file()));
    BlockFile file(folder.path() + "/data/blacklist.log");
    ASSERT_TRUE(file.load([](const BlockChange&) {}).ok());
    EXPECT_TRUE(append(file, true, "a@t", "b@t").ok());
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/data/blacklist.log"));
}

TEST_F(BlockFileTest, ChangesComeBackInOrder) {
    {
        BlockFile file(folder.file());
        ASSERT_TRUE(append(file, true, "a@t", "b@t").ok());
        ASSERT_TRUE(append(file, true, "\xC3\xA4@t", "c@t").ok());
        ASSERT_TRUE(append(file, false, "a@t", "b@t").ok());
        EXPECT_EQ(file.lines(), 3u);
    }
    EXPECT_EQ(read(), (Words{"+ a@t b@t", "+ \xC3\xA4@t c@t", "- a@t b@t"}));
    EXPECT_FALSE(in_doubt);
}

TEST_F(BlockFileTest, ALineCutOffAnywhereNeverCountsAndHidesNothing) {
    const std::string head = "sara-blacklist 1\n";
    const std::string first = BlockFile::lineOf({true, "a@t", "b@t"});
    const std::string second = BlockFile::lineOf({true, "a@t", "c@t"});
    for (size_t cut = 0; cut < second.size(); ++cut) {
        folder.write(head + first + second.substr(0, cut));
        EXPECT_EQ(read(), Words{"+ a@t b@t"}) << cut;
        EXPECT_EQ(in_doubt, cut > 0) << cut;
    }
    for (size_t cut = 0; cut <= head.size(); ++cut) {
        folder.write(head.substr(0, cut));
        EXPECT_EQ(read(), Words()) << cut;
    }
}

TEST_F(BlockFileTest, DamageCostsTheDamagedLinesAndTheFileIsKeptAside) {
    const std::string good = "sara-blacklist 1\n" + BlockFile::lineOf({true, "a@t", "b@t"}) +
                             BlockFile::lineOf({true, "c@t", "d@t"}) +
                             BlockFile::lineOf({true, "e@t", "f@t"});
    const size_t second = good.find("c@t");
    for (const size_t at : {second, second - 3, second + 5, second - 19}) {
        std::string bad = good;
        bad[at] = bad[at] == 'x' ? 'y' : 'x';
        folder.write(bad);
        BlockFile::Loaded loaded;
        EXPECT_EQ(read(&loaded), (Words{"+ a@t b@t", "+ e@t f@t"})) << at;
        EXPECT_EQ(loaded.damaged, 1u);
        EXPECT_TRUE(in_doubt);
        EXPECT_EQ(std::filesystem::file_size(folder.file() + ".damaged"), bad.size());
    }
}

TEST_F(BlockFileTest, NoGarbageIsALine) {
    BlockChange change{};
    for (const char* line : {"", " ", "0123456789abcdef", "0123456789abcdef + a b",
                             "0123456789abcdef  + a b", "sara-blacklist 1"}) {
        EXPECT_FALSE(BlockFile::readLine(line, &change)) << line;
    }
}

TEST_F(BlockFileTest, RewriteReplacesEverythingAtOnce) {
    BlockFile file(folder.file());
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(append(file, i % 2 == 0, "a@t", "b@t").ok());
    ASSERT_TRUE(file.rewrite([](const std::function<void(const BlockChange&)>& put) {
                        put({true, "x@t", "y@t"});
                    })
                    .ok());
    EXPECT_EQ(file.lines(), 1u);
    ASSERT_TRUE(append(file, true, "x@t", "z@t").ok());
    EXPECT_EQ(read(), (Words{"+ x@t y@t", "+ x@t z@t"}));
    EXPECT_FALSE(std::filesystem::exists(folder.file() + ".new"));
}

TEST_F(BlockFileTest, AnAppendThatFailsSaysSoInWords) {
    folder.write("");
    BlockFile file(folder.path() + "/blacklist.log/blacklist.log");
    const auto failed = append(file, true, "a@t", "b@t");
    EXPECT_FALSE(failed.ok());
    EXPECT_EQ(failed.status(), Status::kIo);
    EXPECT_THAT(std::string(failed.text()), ::testing::HasSubstr("blacklist.log"));
    // A disk that is full: the file is as it was before, and says so at the next start.
    BlockFile full("/dev/full");
    EXPECT_FALSE(append(full, true, "a@t", "b@t").ok());
}

}  // namespace
}  // namespace sara::blacklist
