#include "tools/installation/first_files.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "net/io/self_signed_certificate.h"
#include "net/io/tls.h"
#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"
#include "tools/config/check_config.h"
#include "tools/installation/account_listing.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

unsigned mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777;
}

InstallationOrder order_in(const std::string& directory) {
  InstallationOrder order;
  order.directory = directory;
  order.names = host_names();
  order.now = std::time(nullptr);
  return order;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("init: what is written is a configuration without errors, and its secrets are nobody else's") {
  const TemporaryDirectory here;
  const auto files = write_first_files(order_in(here.path() + "/new/"));
  REQUIRE(files.ok());
  CHECK_EQ(files.value().directory, here.path() + "/new");
  std::ostringstream out;
  CHECK_EQ(check_config(files.value().config, out), 0);
  CHECK(holds(out.str(), "no errors"));
  for (const std::string& secret :
       {files.value().forwarder_token, files.value().operator_token, files.value().directory + "/tls/key.pem"})
    CHECK_EQ(mode_of(secret), 0600);
  for (const char* folder : {"/tokens", "/conf.d"}) CHECK_EQ(mode_of(files.value().directory + folder), 0700);
  CHECK_EQ(text_of(files.value().forwarder_token).size(), 65);
  CHECK_NE(text_of(files.value().forwarder_token), text_of(files.value().operator_token));
}

TEST_CASE("init: the certificate is for this machine, by OpenSSL's own rules") {
  const TemporaryDirectory here;
  InstallationOrder order = order_in(here.path());
  order.names.emplace_back("straykey.example.com");
  order.names.emplace_back("2001:db8::7");
  const auto files = write_first_files(order);
  REQUIRE(files.ok());
  const std::string command = "openssl verify -CAfile " + files.value().certificate + " -purpose sslserver ";
  for (const char* name : {"-verify_hostname localhost", "-verify_ip 127.0.0.1", "-verify_ip ::1",
                           "-verify_hostname straykey.example.com", "-verify_ip 2001:db8::7"})
    CHECK_EQ(std::system((command + name + " " + files.value().certificate + " >/dev/null 2>&1").c_str()), 0);
  CHECK_NE(
      std::system(
          (command + "-verify_hostname other.example.com " + files.value().certificate + " >/dev/null 2>&1").c_str()),
      0);
  CHECK(load_tls_context({files.value().certificate, files.value().directory + "/tls/key.pem"}, order.now).ok());
}

TEST_CASE("init: nothing is overwritten, and nothing is written beside what is there") {
  const TemporaryDirectory here;
  write_file(here.path() + "/straykey.toml", "mine", 0644);
  const auto files = write_first_files(order_in(here.path()));
  REQUIRE_FALSE(files.ok());
  CHECK(holds(files.error().message, "holds straykey.toml already"));
  CHECK_EQ(text_of(here.path() + "/straykey.toml"), "mine");
  CHECK_FALSE(fs::exists(here.path() + "/tokens"));
  CHECK_FALSE(fs::exists(here.path() + "/tls"));
}

TEST_CASE("init: folders that are links, plain files or open to everybody are refused before anything is made") {
  const TemporaryDirectory here;
  const auto refused = [&](const std::string& in, const std::string& why) {
    const auto files = write_first_files(order_in(in));
    REQUIRE_FALSE(files.ok());
    CHECK(holds(files.error().message, why));
    CHECK_FALSE(fs::exists(in + "/straykey.toml"));
    CHECK_FALSE(fs::exists(in + "/tokens/operator"));
  };
  fs::create_directory(here.path() + "/a");
  std::ofstream(here.path() + "/a/tls") << "x";
  refused(here.path() + "/a", "/a/tls is no folder: nothing was written");
  CHECK_FALSE(fs::exists(here.path() + "/a/tokens"));
  fs::create_directory(here.path() + "/b");
  fs::create_directory_symlink(here.path() + "/a", here.path() + "/b/tokens");
  refused(here.path() + "/b", "/b/tokens is a link");
  fs::create_directory(here.path() + "/c");
  fs::permissions(here.path() + "/c", fs::perms::all);
  refused(here.path() + "/c", "/c may be written by everybody");
}

TEST_CASE("init: if a file cannot be written, the others are taken away again") {
  const TemporaryDirectory here;
  write_file(here.path() + "/tokens", "no directory", 0644);
  CHECK_FALSE(write_first_files(order_in(here.path())).ok());
  CHECK_FALSE(fs::exists(here.path() + "/tls/key.pem"));
  CHECK_FALSE(fs::exists(here.path() + "/straykey.toml"));
}

TEST_CASE("init: the first sender's lines name the files as a shell takes them") {
  const TemporaryDirectory here;
  InstallationOrder order = order_in(here.path() + "/it's here");
  order.https = "0.0.0.0:18443";
  const auto files = write_first_files(order);
  REQUIRE(files.ok());
  const std::string steps = next_steps(files.value(), order);
  CHECK(holds(steps, "--cacert '" + here.path() + "/it'\"'\"'s here/tls/certificate.pem'"));
  CHECK(holds(steps, "https://localhost:18443/v1/events"));
  CHECK(holds(steps, "straykey serve --config "));
  CHECK(holds(steps, "/sample/networks.toml'"));
  CHECK(holds(steps, "straykey replay --url https://localhost:18443 --ca-file '"));
  CHECK_FALSE(holds(steps, text_of(files.value().forwarder_token)));
}

TEST_CASE("accounts: pages one after the other are one listing") {
  const auto listing = read_account_listing(
      R"({"Accounts":[{"Id":"111122223333","Name":"main","Email":"a@example.com","Status":"ACTIVE"}],"NextToken":"x"}
         {"Accounts":[{"Id":"444455556666","Name":"old \"one\"\n","Status":"SUSPENDED"}]})");
  REQUIRE(listing.ok());
  CHECK_EQ(listing.value().names.size(), 2);
  CHECK_EQ(listing.value().pages, 2);
  CHECK_FALSE(listing.value().cut);
  const TemporaryDirectory here;
  write_file(here.path() + "/c.toml", accounts_config(listing.value()), 0644);
  const ConfigResult read = read_config(here.path() + "/c.toml");
  CHECK(read.ok());
  CHECK_EQ(read.config.detection.accounts, std::set<std::string, std::less<>>{"111122223333", "444455556666"});
  CHECK(accounts_config(listing.value()).starts_with(kAccountsFileHead));
  CHECK_FALSE(holds(accounts_config(listing.value()), "example.com"));
}

TEST_CASE("accounts: a page that is missing is noticed, and what is no listing is told") {
  CHECK(read_account_listing(R"({"Accounts":[{"Id":"111122223333"}],"NextToken":"x"})").value().cut);
  for (const char* text :
       {"", "[]", "{}", R"({"Accounts":[]})", R"({"Accounts":[{"Id":"12"}]})", R"({"Accounts":{}})", "nonsense",
        R"({"Accounts":[{"Id":"111122223333"}]} and more)", R"({"Accounts":[{"Id":"111122223333"})"}) {
    CAPTURE(text);
    CHECK_FALSE(read_account_listing(text).ok());
  }
}

TEST_CASE("init: what is there already is kept if that is asked for, and the rest is written") {
  const TemporaryDirectory here;
  InstallationOrder order = order_in(here.path());
  REQUIRE(write_first_files(order).ok());
  const std::string token = text_of(here.path() + "/tokens/operator");
  const std::string certificate = text_of(here.path() + "/tls/certificate.pem");
  std::ofstream(here.path() + "/straykey.toml") << "# ours\n";
  fs::remove(here.path() + "/tokens/forwarder");
  order.keep = true;
  const auto files = write_first_files(order);
  REQUIRE(files.ok());
  CHECK_EQ(files.value().kept.size(), 4);
  CHECK_EQ(text_of(here.path() + "/straykey.toml"), "# ours\n");
  CHECK_EQ(text_of(here.path() + "/tokens/operator"), token);
  CHECK_EQ(text_of(here.path() + "/tls/certificate.pem"), certificate);
  CHECK_EQ(text_of(here.path() + "/tokens/forwarder").size(), 65);
  CHECK(holds(next_steps(files.value(), order), "There before, and kept: "));
}

TEST_CASE("init: a key without its certificate is never joined by another's") {
  const TemporaryDirectory here;
  InstallationOrder order = order_in(here.path());
  order.keep = true;
  REQUIRE(write_first_files(order).ok());
  fs::remove(here.path() + "/tls/certificate.pem");
  fs::remove(here.path() + "/tokens/forwarder");
  const auto files = write_first_files(order);
  REQUIRE_FALSE(files.ok());
  CHECK(holds(files.error().message, "holds only one of tls/certificate.pem and tls/key.pem"));
  CHECK_FALSE(fs::exists(here.path() + "/tokens/forwarder"));
}

TEST_CASE("init: a group may read the secrets, and nobody else; a group that is not there is named") {
  const TemporaryDirectory here;
  InstallationOrder order = order_in(here.path() + "/new");
  order.group = "no-such-group";
  const auto refused = write_first_files(order);
  REQUIRE_FALSE(refused.ok());
  CHECK(holds(refused.error().message, "no group no-such-group"));
  CHECK_FALSE(fs::exists(here.path() + "/new"));
  const group* const own = ::getgrgid(::getgid());
  REQUIRE(own != nullptr);
  order.group = own->gr_name;
  const auto files = write_first_files(order);
  REQUIRE(files.ok());
  for (const std::string& secret :
       {files.value().forwarder_token, files.value().operator_token, files.value().directory + "/tls/key.pem"})
    CHECK_EQ(mode_of(secret), 0640);
  for (const char* folder : {"/tokens", "/conf.d"}) CHECK_EQ(mode_of(files.value().directory + folder), 0750);
  std::ostringstream out;
  CHECK_EQ(check_config(files.value().config, out), 0);
}

}  // namespace
}  // namespace straykey
