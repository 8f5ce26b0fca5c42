"""extract.py FOLDER WHEEL PATTERN...: writes the wheel's files that match a pattern into the folder."""

import fnmatch
import os
import sys
import zipfile

folder, wheel, *patterns = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if any(fnmatch.fnmatchcase(member.filename, pattern) for pattern in patterns):
            path = archive.extract(member, folder)
            if os.path.isfile(path):
                # zipfile drops the permissions that the archive holds; pip runs what is in bin/ and scripts/.
                executable = "/bin/" in member.filename or "/scripts/" in member.filename
                os.chmod(path, 0o755 if executable else 0o644)
