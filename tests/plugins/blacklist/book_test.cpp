// The lists of a node: limits, idempotence, and what survives.
#include <gtest/gtest.h>

#include "block_book.h"
#include "list_folder.h"

namespace sara::blacklist {
namespace {

class BlockBookTest : public ::testing::Test {
  protected:
    Result<void> change(BlockBook& book, bool add, const std::string& owner,
                        const std::string& blocked) {
        return book.change({add, owner, blocked}, [this](BlockListPtr list) {
            ++published;
            last = std::move(list);
            return tell;
        });
    }
    static std::string all(const BlockBook& book) {
        std::string out;
        book.each([&](const BlockListPtr& list) {
            out += list->owner + ":";
            for (const auto& jid : list->blocked) out += " " + jid;
            out += "; ";
        });
        return out;
    }
    std::string reread() {
        BlockBook book(folder.file(), {});
        EXPECT_TRUE(book.load().ok());
        return all(book);
    }
    ListFolder folder;
    BlockListPtr last;
    int published = 0;
    bool tell = true;
};

TEST_F(BlockBookTest, ListsAreSortedAndComeBackAfterARestart) {
    BlockBook book(folder.file(), {});
    ASSERT_TRUE(book.load().ok());
    for (const char* jid : {"c@t", "a@t", "b@t"}) EXPECT_TRUE(change(book, true, "z@t", jid).ok());
    EXPECT_TRUE(change(book, true, "y@t", "q@t").ok());
    EXPECT_TRUE(change(book, false, "z@t", "b@t").ok());
    EXPECT_TRUE(change(book, false, "y@t", "q@t").ok());
    EXPECT_TRUE(last->blocked.empty());
    EXPECT_EQ(reread(), "z@t: a@t c@t; ");
    EXPECT_EQ(all(book), reread());
}

TEST_F(BlockBookTest, SayingItTwiceWritesOnce) {
    BlockBook book(folder.file(), {});
    EXPECT_TRUE(change(book, true, "a@t", "b@t").ok());
    const std::string once = folder.text();
    EXPECT_TRUE(change(book, true, "a@t", "b@t").ok());
    EXPECT_TRUE(change(book, false, "a@t", "nobody@t").ok());
    EXPECT_TRUE(change(book, false, "nobody@t", "b@t").ok());
    EXPECT_EQ(folder.text(), once);
}

TEST_F(BlockBookTest, LimitsHaveNamesAndLeaveTheListAsItWas) {
    BlockBook book(folder.file(), {.blocked_per_user_max = 2, .blocking_users_max = 2});
    EXPECT_TRUE(change(book, true, "a@t", "1@t").ok());
    EXPECT_TRUE(change(book, true, "a@t", "2@t").ok());
    auto full = change(book, true, "a@t", "3@t");
    EXPECT_EQ(full.status(), Status::kFull);
    EXPECT_EQ(full.text(), "list_full");
    EXPECT_TRUE(change(book, true, "a@t", "2@t").ok());  // is there already
    EXPECT_TRUE(change(book, true, "b@t", "1@t").ok());
    full = change(book, true, "c@t", "1@t");
    EXPECT_EQ(full.text(), "too_many_users");
    EXPECT_TRUE(change(book, false, "b@t", "1@t").ok());
    EXPECT_TRUE(change(book, true, "c@t", "1@t").ok());
    EXPECT_EQ(reread(), "a@t: 1@t 2@t; c@t: 1@t; ");
}

TEST_F(BlockBookTest, ALoopThatCouldNotBeToldHearsItWhenItIsSaidAgain) {
    BlockBook book(folder.file(), {});
    tell = false;
    EXPECT_EQ(change(book, true, "a@t", "b@t").status(), Status::kAgain);
    tell = true;
    EXPECT_TRUE(change(book, true, "a@t", "b@t").ok());
    EXPECT_EQ(published, 2);
    EXPECT_TRUE(last->has("b@t"));
}

TEST_F(BlockBookTest, AFileWithMoreHistoryThanListsIsRewritten) {
    BlockBook book(folder.file(), {});
    std::string line = BlockFile::lineOf({true, "a@t", "b@t"});
    line += BlockFile::lineOf({false, "a@t", "b@t"});
    std::string text = "sara-blacklist 1\n";
    for (uint64_t i = 0; i < BlockBook::kSpareLines; ++i) text += line;
    folder.write(text + BlockFile::lineOf({true, "x@t", "y@t"}));
    ASSERT_TRUE(book.load().ok());
    EXPECT_TRUE(change(book, true, "x@t", "z@t").ok());
    EXPECT_LT(std::filesystem::file_size(folder.file()), 200u);
    EXPECT_EQ(reread(), "x@t: y@t z@t; ");
}

TEST_F(BlockBookTest, ATornLineDoesNotSwallowTheNextChange) {
    folder.write("sara-blacklist 1\n" + BlockFile::lineOf({true, "a@t", "b@t"}) + "0123 + a@t");
    BlockBook book(folder.file(), {});
    ASSERT_TRUE(book.load().ok());
    EXPECT_TRUE(change(book, true, "a@t", "c@t").ok());
    EXPECT_EQ(reread(), "a@t: b@t c@t; ");
}

TEST_F(BlockBookTest, WhatTheDiskRefusesIsNotInTheList) {
    BlockBook book(folder.path() + "/no/such/folder/blacklist.log", {});
    ASSERT_TRUE(book.load().ok());
    EXPECT_EQ(change(book, true, "a@t", "b@t").status(), Status::kIo);
    EXPECT_EQ(published, 0);
    EXPECT_EQ(all(book), "");
}

}  // namespace
}  // namespace sara::blacklist
