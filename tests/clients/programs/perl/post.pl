# Posts a file: post.pl LWP::UserAgent|HTTP::Tiny URL TOKEN CA FILE. Prints the status and the answer; exit code 1 unless 200.
use strict;
use warnings;

my ($library, $url, $token, $authority, $file) = @ARGV;
open my $in, '<:raw', $file or die $!;
my $body = do { local $/; <$in> };
my ($status, $text);
if ($library eq 'LWP::UserAgent') {
    require LWP::UserAgent;
    my $agent = LWP::UserAgent->new(ssl_opts => { SSL_ca_file => $authority });
    my $answer = $agent->post($url, Authorization => "Bearer $token", Content => $body);
    ($status, $text) = ($answer->code, $answer->decoded_content);
} else {
    require HTTP::Tiny;
    my $agent = HTTP::Tiny->new(verify_SSL => 1, SSL_options => { SSL_ca_file => $authority });
    my $answer = $agent->post($url, { headers => { Authorization => "Bearer $token" }, content => $body });
    ($status, $text) = ($answer->{status}, $answer->{content});
}
print "$status $text\n";
exit($status == 200 ? 0 : 1);
