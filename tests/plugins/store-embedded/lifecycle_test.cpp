// Starting and stopping: which folders are refused, with which sentence, and what is left behind.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "room_plugin.h"
#include "store-embedded/record.h"
#include "store_fixture.h"

namespace sara::store_embedded {
namespace {

using ::testing::Test;

struct StartOfTheStore : Test {
    TempFolder folder;
    std::string refusal(const std::string& datadir) {
        RunningStore store(roomPlugin(), datadir);
        EXPECT_EQ(store.start(), SARA_E_IO);
        return store.host().error();
    }
};

TEST_F(StartOfTheStore, MakesTheFolderForItsOwnerOnly) {
    RunningStore store(roomPlugin(), folder.datadir());
    ASSERT_EQ(store.start(), SARA_OK) << store.host().error();
    struct stat st {};
    ASSERT_EQ(::stat(folder.datadir().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0700u);
    EXPECT_EQ(store.plugin().statusLine(), "embedded " + folder.datadir());
    EXPECT_EQ(store.api()->promise(store.plugin().self()), SARA_PROMISE_DURABLE);
}

TEST_F(StartOfTheStore, ASecondServerOnTheSameFolderIsRefusedWithThePidOfTheFirst) {
    RunningStore first(roomPlugin(), folder.datadir());
    ASSERT_EQ(first.start(), SARA_OK);
    EXPECT_EQ(refusal(folder.datadir()), "datadir " + folder.datadir() +
                                             " is used by another sara (pid " +
                                             std::to_string(::getpid()) + ")");
    EXPECT_EQ(first.client().append("bob@demo", "m", "{}").status, SARA_OK);
    first.stop();
    RunningStore next(roomPlugin(), folder.datadir());
    EXPECT_EQ(next.start(), SARA_OK) << next.host().error();
}

TEST_F(StartOfTheStore, AMissingParentIsNamed) {
    const std::string parent = folder.path() + "/no/such";
    EXPECT_EQ(
        refusal(parent + "/data"),
        "datadir " + parent + "/data cannot be created: its parent " + parent + " does not exist");
}

TEST_F(StartOfTheStore, AFileInPlaceOfTheFolderIsRefused) {
    std::ofstream(folder.datadir()) << "x";
    EXPECT_EQ(refusal(folder.datadir()), "datadir " + folder.datadir() + " is not a folder");
}

TEST_F(StartOfTheStore, AFolderThatCannotBeWrittenIsRefused) {
    // Root may write everywhere, so the folder is one of the kernel's, where nobody may.
    const std::string error = refusal("/proc/self");
    EXPECT_NE(error.find("datadir /proc/self is not writable"), std::string::npos) << error;
}

// Puts value where a store of another layout has its number.
void writeSchema(const std::string& datadir, const std::string& value) {
    leveldb::DB* raw = nullptr;
    ASSERT_TRUE(leveldb::DB::Open({}, datadir + "/queue", &raw).ok());
    EXPECT_TRUE(raw->Put({}, std::string(kSchemaKey), value).ok());
    delete raw;
}

TEST_F(StartOfTheStore, ANewerLayoutIsRefusedAndLeftAlone) {
    {
        RunningStore store(roomPlugin(), folder.datadir());
        ASSERT_EQ(store.start(), SARA_OK);
    }
    std::string value;
    encodeNumber(kSchemaKey, kSchema + 1, &value);
    writeSchema(folder.datadir(), value);
    EXPECT_EQ(refusal(folder.datadir()), "datadir " + folder.datadir() +
                                             " was written by a newer sara (layout 3, expected 2)");
}

// Its records carry another checksum: each would look damaged and be deleted.
TEST_F(StartOfTheStore, TheFirstLayoutIsRefusedAndNotTakenForDamage) {
    {
        RunningStore store(roomPlugin(), folder.datadir());
        ASSERT_EQ(store.start(), SARA_OK);
        ASSERT_EQ(store.client().append("bob@demo", "m", "{}").status, SARA_OK);
    }
    std::string value(12, '\0');
    value.back() = 1;
    writeSchema(folder.datadir(), value);
    EXPECT_EQ(
        refusal(folder.datadir()),
        "datadir " + folder.datadir() + " was written by a sara before 1.0 (layout 1, expected 2)");
    encodeNumber(kSchemaKey, kSchema, &value);
    writeSchema(folder.datadir(), value);
    RunningStore store(roomPlugin(), folder.datadir());
    ASSERT_EQ(store.start(), SARA_OK);
    EXPECT_EQ(store.client().fetch("bob@demo").packets.size(), 1u);
}

TEST_F(StartOfTheStore, ARefusedStartLeavesTheLockFree) {
    EXPECT_NE(refusal(folder.path() + "/no/such/data"), "");
    std::filesystem::create_directories(folder.path() + "/no/such");
    RunningStore store(roomPlugin(), folder.path() + "/no/such/data");
    EXPECT_EQ(store.start(), SARA_OK) << store.host().error();
}

TEST_F(StartOfTheStore, ArgumentsOutOfRangeAreRefusedLater) {
    RunningStore store(roomPlugin(), folder.datadir());
    ASSERT_EQ(store.start(), SARA_OK);
    auto& client = store.client();
    EXPECT_EQ(client.append(std::string("a\0b", 3), "m", "{}").status, SARA_E_INVALID);
    EXPECT_EQ(client.append("", "m", "{}").status, SARA_E_INVALID);
    EXPECT_EQ(client.append(std::string(2000, 'u'), "m", "{}").status, SARA_E_INVALID);
    EXPECT_EQ(client.append("bob@demo", std::string(300, 'i'), "{}").status, SARA_E_INVALID);
    EXPECT_EQ(client.fetch("bob@demo", 0, 0).status, SARA_E_INVALID);
    EXPECT_EQ(client.append("bob@demo", "m", "{}").status, SARA_OK);
}

}  // namespace
}  // namespace sara::store_embedded
