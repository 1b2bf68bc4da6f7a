// kill -9 while packets are written: everything that was confirmed is there, in order, after every
// round.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <random>

#include "store_fixture.h"

namespace sara::store_embedded {
namespace {

const std::string kPlugin = std::string(SARA_BINARY_DIR) + "/lib/sara/plugins/store-embedded.so";
const std::string kChild = std::string(SARA_BINARY_DIR) + "/tests/store_embedded_writer_child";

// Runs the child, kills it once it has confirmed enough, returns the ids it confirmed.
std::vector<std::string> writeAndKill(const std::string& datadir, int round, size_t enough) {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return {};
    const std::string number = std::to_string(round);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(fds[1], 1);
        ::execl(kChild.c_str(), kChild.c_str(), kPlugin.c_str(), datadir.c_str(), number.c_str(),
                nullptr);
        ::_exit(127);
    }
    ::close(fds[1]);
    std::vector<std::string> ids;
    std::string line;
    char bytes[4096];
    bool killed = false;
    for (ssize_t n = 0; (n = ::read(fds[0], bytes, sizeof bytes)) > 0;) {
        for (ssize_t i = 0; i < n; ++i) {
            if (bytes[i] != '\n') {
                line += bytes[i];
                continue;
            }
            ids.push_back(line);
            line.clear();
        }
        if (ids.size() >= enough && !killed) killed = ::kill(pid, SIGKILL) == 0;
    }
    ::close(fds[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "exit code " << WEXITSTATUS(status);
    return ids;
}

TEST(KilledStore, KeepsEveryConfirmedPacketInOrderOver20Rounds) {
    std::mt19937 random(11);
    TempFolder folder;
    std::string error;
    const sara_plugin_desc* desc = testkit::loadPlugin(kPlugin, &error);
    ASSERT_NE(desc, nullptr) << error;
    std::vector<std::string> confirmed;
    for (int round = 0; round < 20; ++round) {
        const auto more = writeAndKill(folder.datadir(), round, 1 + random() % 1500);
        ASSERT_FALSE(more.empty());
        confirmed.insert(confirmed.end(), more.begin(), more.end());
        RunningStore store(desc, folder.datadir());
        ASSERT_EQ(store.start(), SARA_OK) << store.host().error();
        std::map<std::string, std::vector<std::string>> stored;
        size_t found = 0;
        for (int u = 0; u < 3; ++u) {
            const std::string user = "user" + std::to_string(u) + "@demo";
            uint64_t last = 0;
            for (const auto& p : store.client().fetchAll(user)) {
                ASSERT_EQ(p.packet, "body of " + p.id);
                ASSERT_GT(p.seq, last);
                last = p.seq;
                stored[user].push_back(p.id);
            }
        }
        // The confirmed ids of a user are a subsequence of what is stored for him.
        std::map<std::string, size_t> at;
        for (const auto& id : confirmed) {
            const int i = std::stoi(id.substr(id.find('-') + 1));
            const std::string user = "user" + std::to_string(i % 3) + "@demo";
            const auto& list = stored[user];
            size_t& pos = at[user];
            while (pos < list.size() && list[pos] != id) ++pos;
            ASSERT_LT(pos, list.size()) << id << " was confirmed and is gone, round " << round;
            ++found;
        }
        EXPECT_EQ(found, confirmed.size());
    }
}

}  // namespace
}  // namespace sara::store_embedded
