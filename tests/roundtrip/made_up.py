"""Packages that exist nowhere else, in the form of each ecosystem's registry: what a client needs to install them.

Every package is version 1.0.0, holds nothing and depends on nothing. `bytes_of(kind, name)` is what its hash is taken of.
"""

import base64
import functools
import gzip
import hashlib
import io
import json
import tarfile
import zipfile


def tar_of(files, compressed=True):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0) if compressed else buffer.getvalue()


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def npm(name):
    return tar_of({"package/package.json": json.dumps({"name": name, "version": "1.0.0"}).encode()})


def wheel(name):
    info = f"{name}-1.0.0.dist-info/"
    return zip_of(
        {
            f"{name}.py": b"",
            info + "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode(),
            info + "WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            info + "RECORD": f"{name}.py,,\n{info}METADATA,,\n{info}WHEEL,,\n{info}RECORD,,\n".encode(),
        }
    )


def crate(name):
    manifest = f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n'
    return tar_of({f"{name}-1.0.0/Cargo.toml": manifest.encode(), f"{name}-1.0.0/lib.rs": b""})


def gem(name):
    spec = f"""--- !ruby/object:Gem::Specification
name: {name}
version: !ruby/object:Gem::Version
  version: 1.0.0
platform: ruby
authors: [x]
date: 2020-01-01 00:00:00.000000000 Z
dependencies: []
summary: x
files: []
require_paths: [lib]
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
rubygems_version: 3.0.0
specification_version: 4
""".encode()
    return tar_of({"metadata.gz": gzip.compress(spec, mtime=0), "data.tar.gz": tar_of({})}, compressed=False)


def module(name):
    return zip_of({f"{name}@v1.0.0/go.mod": f"module {name}\n".encode(), f"{name}@v1.0.0/x.go": b"package x\n"})


def pom(name):
    group, artifact = name.split(":")
    return (
        "<project><modelVersion>4.0.0</modelVersion>"
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>1.0.0</version></project>"
    ).encode()


MAKERS = {"npm": npm, "pypi": wheel, "cargo": crate, "gem": gem, "golang": module, "maven": pom}


@functools.cache
def bytes_of(ecosystem, name):
    return MAKERS[ecosystem](name)


def digest(ecosystem, name, kind):
    """A hash as lockfiles write it: `sri`, `sha256`, `sha1`, `h1`."""
    content = bytes_of(ecosystem, name)
    if kind == "sri":
        return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if kind == "h1":
        lines = ""
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for path in sorted(archive.namelist()):
                lines += f"{hashlib.sha256(archive.read(path)).hexdigest()}  {path}\n"
        return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    if kind == "h1mod":
        line = f"{hashlib.sha256(f'module {name}{chr(10)}'.encode()).hexdigest()}  go.mod\n"
        return "h1:" + base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()
    return hashlib.new(kind, content).hexdigest()


def routes(ecosystem, base, names):
    """Addresses to bytes: a registry at this address (without final slash) that has these packages."""
    found = {}
    for name in names:
        content = bytes_of(ecosystem, name)
        last = name.split("/")[-1]
        if ecosystem == "npm":
            file = f"{name}/-/{last}-1.0.0.tgz"
            dist = {
                "tarball": f"{base}/{file}",
                "integrity": digest(ecosystem, name, "sri"),
                "shasum": digest(ecosystem, name, "sha1"),
            }
            version = {"name": name, "version": "1.0.0", "dist": dist}
            times = {"1.0.0": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z"}
            packument = {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}, "time": times}
            found |= {f"{base}/{name}": json.dumps(packument).encode(), f"{base}/{file}": content}
        elif ecosystem == "pypi":
            file = f"{name}-1.0.0-py3-none-any.whl"
            page = f'<!DOCTYPE html><html><body><a href="{file}#sha256={digest(ecosystem, name, "sha256")}">{file}</a></body></html>'
            found |= {f"{base}/{name}/": page.encode(), f"{base}/{name}/{file}": content}
        elif ecosystem == "cargo":
            line = {"name": name, "vers": "1.0.0", "deps": [], "cksum": digest(ecosystem, name, "sha256"), "features": {}, "yanked": False}
            found |= {
                f"{base}/config.json": json.dumps({"dl": f"{base}/{{crate}}/{{version}}/download"}).encode(),
                f"{base}/{name[:2]}/{name[2:4]}/{name}": json.dumps(line).encode() + b"\n",
                f"{base}/{name}/1.0.0/download": content,
            }
        elif ecosystem == "gem":
            info = f"---\n1.0.0 |checksum:{digest(ecosystem, name, 'sha256')}\n".encode()
            so_far = found.get(f"{base}/versions", b"created_at: 2020-01-01T00:00:00Z\n---\n")
            found |= {
                f"{base}/versions": so_far + f"{name} 1.0.0 {hashlib.md5(info).hexdigest()}\n".encode(),
                f"{base}/info/{name}": info,
                f"{base}/gems/{name}-1.0.0.gem": content,
            }
        elif ecosystem == "golang":
            at = f"{base}/{name}/@v/v1.0.0"
            found |= {
                f"{base}/{name}/@v/list": b"v1.0.0\n",
                f"{at}.info": b'{"Version":"v1.0.0","Time":"2020-01-01T00:00:00Z"}',
                f"{at}.mod": f"module {name}\n".encode(),
                f"{at}.zip": content,
            }
        elif ecosystem == "maven":
            group, artifact = name.split(":")
            at = f"{base}/{group.replace('.', '/')}/{artifact}/1.0.0/{artifact}-1.0.0"
            for end, body in {".pom": content, ".jar": zip_of({"x": b""})}.items():
                found |= {at + end: body, at + end + ".sha1": hashlib.sha1(body).hexdigest().encode()}
    return found
