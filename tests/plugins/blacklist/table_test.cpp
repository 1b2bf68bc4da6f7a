// The table of one loop.
#include <gtest/gtest.h>

#include "block_table.h"

namespace sara::blacklist {
namespace {

BlockListPtr list(const std::string& owner, std::vector<std::string> blocked) {
    return std::make_shared<BlockList>(BlockList{owner, std::move(blocked)});
}

TEST(BlockTable, KnowsExactlyWhatItWasTold) {
    BlockTable table(42);
    EXPECT_TRUE(table.empty());
    EXPECT_FALSE(table.blocks("a@t", "b@t"));
    table.set(list("a@t", {"b@t", "d@t"}));
    EXPECT_TRUE(table.blocks("a@t", "b@t"));
    EXPECT_TRUE(table.blocks("a@t", "d@t"));
    for (const char* other : {"", "b@", "b@t ", "c@t", "bb@t", "a@t", "b@T"}) {
        EXPECT_FALSE(table.blocks("a@t", other)) << other;
    }
    EXPECT_FALSE(table.blocks("b@t", "a@t"));  // one direction only
}

TEST(BlockTable, ANewListReplacesTheOldOneAndItsKeyLivesOn) {
    BlockTable table(7);
    for (int i = 0; i < 500; ++i) {
        table.set(list("u" + std::to_string(i) + "@t", {"x@t"}));
        table.set(list("u" + std::to_string(i) + "@t", {"y@t"}));
    }
    for (int i = 0; i < 500; ++i) {
        const std::string owner = "u" + std::to_string(i) + "@t";
        EXPECT_FALSE(table.blocks(owner, "x@t"));
        EXPECT_TRUE(table.blocks(owner, "y@t"));
        table.set(list(owner, {}));
        table.set(list(owner, {}));
    }
    EXPECT_TRUE(table.empty());
}

TEST(BlockTable, BareOfCutsTheResource) {
    EXPECT_EQ(bareOf("a@t/pc/x"), "a@t");
    EXPECT_EQ(bareOf("a@t"), "a@t");
    EXPECT_EQ(bareOf(""), "");
}

}  // namespace
}  // namespace sara::blacklist
