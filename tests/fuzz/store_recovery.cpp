// Damages a small database as the input says, opens the store on it and reads everything: it may
// refuse to start, with a sentence; what it serves must be what was stored. Other inputs go into
// the decoder of values.
//
// Input: first byte odd: the rest is a key, a NUL and a value. Even: edits of five bytes each:
// file, what to do (cut, flip, zero), place (2 bytes), byte.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "room_plugin.h"
#include "store-embedded/record.h"
#include "temp_folder.h"
#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"

namespace sara::store_embedded {
namespace {

namespace fs = std::filesystem;

// Nothing here has to survive a power cut, so nothing waits for the disk.
class HastyFile : public leveldb::WritableFile {
  public:
    explicit HastyFile(leveldb::WritableFile* file) : file_(file) {}
    leveldb::Status Append(const leveldb::Slice& data) override { return file_->Append(data); }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override { return file_->Flush(); }

  private:
    const std::unique_ptr<leveldb::WritableFile> file_;
};

class HastyEnv : public leveldb::EnvWrapper {
  public:
    HastyEnv() : leveldb::EnvWrapper(leveldb::Env::Default()) {}
    leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** out) override {
        leveldb::WritableFile* file = nullptr;
        const leveldb::Status status = target()->NewWritableFile(name, &file);
        *out = status.ok() ? new HastyFile(file) : nullptr;
        return status;
    }
};

void require(bool ok, const char* what) {
    if (ok) return;
    std::fprintf(stderr, "store_recovery: %s\n", what);
    std::abort();
}

struct Life {
    testkit::FakeHost host;
    testkit::PluginInstance plugin;
    const sara_store* store = nullptr;

    explicit Life(const std::string& datadir)
        : host({.config_json = "{\"write_buffer_bytes\": 65536, \"datadir\": \"" + datadir + "\"}",
                .manifest_json = roomPlugin()->manifest}),
          plugin(host, roomPlugin()) {}
    bool start() {
        if (plugin.start() != SARA_OK) return false;
        store = plugin.service<sara_store>(SARA_SVC_STORE);
        return true;
    }
};

using Packets = std::map<uint64_t, std::string>;  // seq -> id, from and packet

std::string whole(std::string_view id, std::string_view from, std::string_view packet) {
    return std::string(id) + "|" + std::string(from) + "|" + std::string(packet);
}

// A database of a few tables and a log, made once per run.
struct Prepared {
    TempFolder folder;
    std::map<std::string, Packets> users;
    std::vector<std::string> files;

    Prepared() {
        for (int part = 0; part < 2; ++part) {
            Life life(folder.datadir());
            require(life.start(), "the undamaged database does not open");
            for (int i = 0; i < 40; ++i) append(life, part * 100 + i);
        }
        for (const auto& entry : fs::directory_iterator(folder.datadir() + "/queue")) {
            const std::string name = entry.path().filename();
            if (name != "LOCK" && !name.starts_with("LOG")) files.push_back(name);
        }
        std::sort(files.begin(), files.end());
    }

    void append(Life& life, int i) {
        const std::string user = "user" + std::to_string(i % 3) + "@demo";
        const std::string id = "id" + std::to_string(i);
        const std::string packet = "{\"n\":" + std::to_string(i) + "}" + std::string(50, 'x');
        struct Done {
            uint64_t seq = 0;
            bool done = false;
        } done;
        life.host.loop().run([&] {
            sara_buf* buf = life.host.buffer(packet);
            sara_store_packet p{};
            p.struct_size = sizeof p;
            p.user = testkit::toStr(user);
            p.id = testkit::toStr(id);
            p.from = testkit::toStr("amy@demo");
            p.expires_ms = UINT64_MAX / 2;
            p.packet = buf;
            life.store->append(
                life.plugin.self(), &p,
                [](void* u, sara_status st, uint64_t seq) noexcept {
                    require(st == SARA_OK, "append failed");
                    *static_cast<Done*>(u) = {seq, true};
                },
                &done);
            life.host.unref(buf);
        });
        require(life.host.runUntil([&] { return done.done; }), "append hangs");
        users[user][done.seq] = whole(id, "amy@demo", packet);
    }
};

void readAll(Life& life, const std::string& user, const Packets& original) {
    struct Page {
        const Packets* original;
        uint64_t last = 0;
        bool done = false;
        bool more = true;
    } page{&original};
    while (page.more) {
        page.done = false;
        life.host.loop().run([&] {
            life.store->fetch(
                life.plugin.self(), testkit::toStr(user), page.last, 16, 1 << 20,
                [](void* u, sara_status, const sara_stored* s, uint32_t n, uint32_t more) noexcept {
                    auto* p = static_cast<Page*>(u);
                    for (uint32_t i = 0; i < n; ++i) {
                        const auto at = p->original->find(s[i].seq);
                        require(at != p->original->end(), "a place that was never given out");
                        require(at->second == whole(testkit::toView(s[i].id),
                                                    testkit::toView(s[i].from),
                                                    testkit::toView(s[i].packet)),
                                "other bytes than stored");
                        require(s[i].seq > p->last, "out of order");
                        p->last = s[i].seq;
                    }
                    p->more = more != 0;
                    p->done = true;
                },
                &page);
        });
        require(life.host.runUntil([&] { return page.done; }), "fetch hangs");
    }
}

void damage(const std::string& folder, const std::vector<std::string>& files, const uint8_t* edits,
            size_t n) {
    for (size_t i = 0; i + 5 <= n && i < 40; i += 5) {
        const std::string name = folder + "/" + files[edits[i] % files.size()];
        std::ifstream in(name, std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(in), {}};
        in.close();
        if (bytes.empty()) continue;
        const size_t at = (size_t{edits[i + 2]} << 8 | edits[i + 3]) % bytes.size();
        switch (edits[i + 1] % 3) {
            case 0:
                bytes.resize(at);
                break;
            case 1:
                bytes[at] = static_cast<char>(bytes[at] ^ edits[i + 4]);
                break;
            default:
                for (size_t k = at; k < bytes.size() && k < at + edits[i + 4]; ++k) bytes[k] = 0;
        }
        std::ofstream(name, std::ios::binary | std::ios::trunc) << bytes;
    }
}

void recover(const uint8_t* edits, size_t n) {
    static const Prepared prepared;
    const TempFolder folder;
    fs::copy(prepared.folder.datadir(), folder.datadir(), fs::copy_options::recursive);
    damage(folder.datadir() + "/queue", prepared.files, edits, n);
    Life life(folder.datadir());
    if (!life.start()) {
        require(!life.host.error().empty(), "refused without a sentence");
        return;
    }
    for (const auto& [user, packets] : prepared.users) readAll(life, user, packets);
}

void decode(std::string_view input) {
    const size_t nul = input.find('\0');
    const std::string_view key = input.substr(0, nul);
    const std::string_view value = nul == std::string_view::npos ? key : input.substr(nul + 1);
    Record record;
    uint64_t number = 0;
    std::string_view user;
    (void)peekExpiry(value);
    (void)decodeNumber(key, value, &number);
    (void)splitQueueKey(input, &user, &number);
    if (!decodeRecord(key, value, &record)) return;
    // Whatever decodes must be what encoding it again gives.
    std::string again;
    encodeRecord(key, record, &again);
    require(again == value, "decoding is not the reverse of encoding");
}

}  // namespace

leveldb::Env* databaseEnv() {
    static auto* env = new HastyEnv;
    return env;
}

}  // namespace sara::store_embedded

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    if (data[0] % 2 == 1) {
        sara::store_embedded::decode({reinterpret_cast<const char*>(data) + 1, size - 1});
    } else {
        sara::store_embedded::recover(data + 1, size - 1);
    }
    return 0;
}
