// A process that appends to the built plugin and prints the id of each packet that was confirmed,
// until it is killed. Usage: writer_child PLUGIN DATADIR ROUND
#include <unistd.h>

#include <cstdio>
#include <deque>

#include "store_fixture.h"

int main(int argc, char** argv) {
    using namespace sara;
    if (argc != 4) return 2;
    std::string error;
    const sara_plugin_desc* desc = testkit::loadPlugin(argv[1], &error);
    if (desc == nullptr) return 3;
    store_embedded::RunningStore store(desc, argv[2], R"("write_buffer_bytes": 65536)");
    if (store.start() != SARA_OK) {
        std::fprintf(stderr, "%s\n", store.host().error().c_str());
        return 4;
    }
    struct Sent {
        std::string id;
        testkit::StoreClient::Answer answer;
    };
    std::deque<Sent> sent;
    for (int i = 0; i < 200'000; ++i) {
        const std::string id = std::string(argv[3]) + "-" + std::to_string(i);
        const std::string user = "user" + std::to_string(i % 3) + "@demo";
        store.host().loop().run([&] {
            sent.push_back({id, store.client().startAppend(user, id, "body of " + id)});
        });
        if (sent.size() > 64) store.client().wait({sent.front().answer});
        store.host().turn();
        while (!sent.empty() && sent.front().answer->completions > 0) {
            if (sent.front().answer->status != SARA_OK) return 5;
            const std::string line = sent.front().id + "\n";
            if (::write(1, line.data(), line.size()) < 0) return 6;
            sent.pop_front();
        }
    }
    return 0;
}
